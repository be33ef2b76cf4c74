import { JsonText } from "../validation.ts";

// The repositories have times as texts with microseconds, as the wire and pages need them. Callers of the
// library give and get dates.

/** Documents of callers, which stay as they are, and places in lists, which keep their microseconds. */
const untouched = [
  "payload",
  "result",
  "results",
  "metrics",
  "metadata",
  "changes",
  "labels",
  "next",
  "cursor",
] as const;

type Plain<T> = T extends JsonText<infer Value> ? Value : T;

type Untouched = (typeof untouched)[number];
type Named<Name> = Name extends `${string}At` | "lastHeartbeat" | "lastLogin" | "lastUsed" ? true : false;
type Given<Name> =
  Named<Name> extends true
    ? true
    : Name extends `${string}After` | `${string}Before` | "after" | "before" | "from" | "to"
      ? true
      : false;

type DateOf<T> = T extends string ? Date : WithDates<T>;
type TimeOf<T> = T extends string ? string | Date : FromDates<T>;

/** What repositories answer, with times as dates. Places in lists keep theirs as texts with microseconds. */
export type WithDates<T> = T extends readonly unknown[]
  ? { [Name in keyof T]: WithDates<T[Name]> }
  : T extends object
    ? {
        [Name in keyof T]: Name extends Untouched
          ? Plain<T[Name]>
          : Named<Name> extends true
            ? DateOf<T[Name]>
            : WithDates<T[Name]>;
      }
    : T;

/** What repositories are given: each time may be a date, or ISO 8601 in UTC with up to nine decimals. */
export type FromDates<T> =
  T extends AsyncIterable<infer Item>
    ? AsyncIterable<FromDates<Item>>
    : T extends readonly unknown[]
      ? { [Name in keyof T]: FromDates<T[Name]> }
      : T extends object
        ? {
            [Name in keyof T]: Name extends Untouched
              ? T[Name]
              : Given<Name> extends true
                ? TimeOf<T[Name]>
                : FromDates<T[Name]>;
          }
        : T;

const isUntouched = (name: string) => (untouched as readonly string[]).includes(name);
const isTime = (name: string) => /At$|^last(Heartbeat|Login|Used)$/.test(name);

export function withDates<T>(value: T): WithDates<T> {
  return changed(value, (name, field) => {
    if (field instanceof JsonText) return field.value;
    if (isUntouched(name)) return field;
    return typeof field === "string" && isTime(name) ? new Date(field) : withDates(field);
  }) as WithDates<T>;
}

export function fromDates<T>(value: FromDates<T>): T {
  // An invalid date becomes a text that is no time, and is refused as such.
  if (value instanceof Date)
    return (Number.isNaN(value.getTime()) ? String(value) : value.toISOString()) as T;
  if (isAsyncIterable(value)) return mapAsync(value, fromDates) as T;
  return changed(value, (name, field) => (isUntouched(name) ? field : fromDates(field))) as T;
}

/** Changes the items of a list, or the fields of a plain object. */
function changed(value: unknown, change: (name: string, field: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => change("", item));
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, change(name, field)]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

export async function* mapAsync<From, To>(source: AsyncIterable<From>, change: (item: From) => To) {
  for await (const item of source) yield change(item);
}
