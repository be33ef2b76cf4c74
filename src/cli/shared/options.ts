import { InvalidArgumentError } from "commander";
import { localMoments, momentAt } from "../../calendar.ts";

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The fields of a request without those that no option gave. */
export function given<Fields extends object>(fields: Fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}

/** Options of a command that says which values are better; none leaves it to the metric. */
export interface Direction {
  lowerIsBetter?: boolean;
  higherIsBetter?: boolean;
}

/** The fields of a request that say which values are better. */
export function directionOf({ lowerIsBetter, higherIsBetter }: Direction) {
  return given({ lowerIsBetter: higherIsBetter ? false : lowerIsBetter });
}

/** A number of things: 1 or more. */
export function parseCount(text: string): number {
  return parseWhole(1, Number.MAX_SAFE_INTEGER, "Expected a whole number, 1 or more.")(text);
}

/** Reads numbers from 0 to `max`. */
export function parseFraction(max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= 0 && value <= max))
      throw new InvalidArgumentError(`Expected a number ${max === 1 ? "from 0 to 1" : "of 0 or more"}.`);
    return value;
  };
}

/** Reads the weight of a job among those of other keys. */
export function parseFairWeight(text: string): number {
  const value = Number(text);
  if (!(value >= 0.01 && value <= 100)) throw new InvalidArgumentError("Expected a number from 0.01 to 100.");
  return value;
}

/** Any number. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** Reads whole numbers from `min` to `max`. */
export function parseWhole(
  min: number,
  max: number,
  message = `Expected a whole number from ${min} to ${max}.`,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || value < min || value > max)
      throw new InvalidArgumentError(message);
    return value;
  };
}

/** Seconds, more than 0 and at most a day. */
export function parseSeconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError("Expected seconds, more than 0 and at most 86400.");
  return value;
}

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time span in milliseconds: `90` (seconds), `500ms`, `30s`, `5m`, `2h`, `7d`. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  if (amount === undefined) throw new InvalidArgumentError("Expected a time span such as 30s, 5m, 2h or 7d.");
  return Number(amount) * UNITS_MS[(unit ?? "s") as keyof typeof UNITS_MS];
}

const timePattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))? ?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** A time: RFC 3339 or only its date; without an offset it is local, and then must come exactly once. */
export function parseTime(text: string): Date {
  const [, date, time = "00:00", fraction = "", offset] = timePattern.exec(text.trim()) ?? [];
  const dateTime = `${date}T${time}`;
  const there = momentAt(dateTime, offset ?? "Z");
  if (there === undefined)
    throw new InvalidArgumentError("Expected a time such as 2026-01-31T18:00:00Z, or 2026-01-31.");
  const [moment, again] = offset === undefined ? localMoments(dateTime) : [there];
  if (moment === undefined)
    throw new InvalidArgumentError("Local clocks skip this time: give another, or one with an offset or Z.");
  if (again !== undefined) {
    const both = [moment, again].sort((a, b) => a - b).map((each) => new Date(each).toISOString());
    throw new InvalidArgumentError(`Local clocks show this time twice: give ${both.join(" or ")}.`);
  }
  return new Date(moment + Number(fraction.slice(0, 3).padEnd(3, "0")));
}

/** Gathers pairs of an option that may be given more than once. */
export function gatherPairs(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("Expected key=value.");
  return { ...before, [key]: value };
}

/** Gathers an option that may be given more than once. */
export function gatherValues(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Reads a level of significance: at 0 nothing is ever significant, from 0.5 on mostly chance is. */
export function parseAlpha(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 0.5)) throw new InvalidArgumentError("Expected a number above 0 and below 0.5.");
  return value;
}

/** Reads a difference, above 0. */
export function parseDifference(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
