import type { JsonValue } from "@bufbuild/protobuf";
import { limits } from "./limits.ts";

// Numbers of JSON text that are no doubles.

/** Says what is wrong with a number of a JSON text; undefined if no number is at fault. */
export function numberFault(text: string): string | undefined {
  let fault: string | undefined;
  const check = (_: string, value: unknown, context?: Context) => {
    const { source } = context ?? {};
    if (typeof value !== "number" || source === undefined) return value;
    // PostgreSQL writes all zeros of a number: 1e-16000 would become 16,000 digits.
    if (value === 0 && /^[^eE]*[1-9]/.test(source))
      fault ??= `${source.slice(0, 30)} is too small for a double`;
    if (source.length > limits.numberLength)
      fault ??= `a number has at most ${limits.numberLength} characters, one has ${source.length}`;
    return value;
  };
  JSON.parse(text, check as Reviver);
  return fault;
}

/** Whether a JSON text may have a number that differs from the double which it is read as. */
export function mayHaveLongNumber(text: string): boolean {
  return longNumber.test(text);
}

/** Parses JSON so that `JSON.stringify` writes equal numbers equally, with all digits. @throws SyntaxError */
export function parseExactly(text: string): JsonValue {
  return parseKeeping(text, (decimal) => decimal);
}

/** Parses JSON so that `JSON.stringify` writes its numbers as they stand in the text. @throws SyntaxError */
export function parseAsWritten(text: string): JsonValue {
  return mayHaveLongNumber(text) ? parseKeeping(text, (_, source) => source) : JSON.parse(text);
}

/**
 * Parses JSON so that `JSON.stringify` writes all digits of the whole numbers that can be stored.
 * @throws SyntaxError
 */
export function parseIntegers(text: string): JsonValue {
  if (!longInteger.test(text)) return JSON.parse(text);
  return parseKeeping(text, (_, source) =>
    /^-?\d+$/.test(source) && Number.isFinite(Number(source)) ? source : undefined,
  );
}

/** The double that stands for a number, also for one that was kept with all digits; else the value itself. */
export function doubleOf(value: JsonValue): JsonValue {
  return rawJson.isRawJSON(value) ? Number(JSON.stringify(value)) : value;
}

// PostgreSQL writes up to 324 zeros more than were sent.
const longest = 2 * limits.numberLength;

// Within a string this may match too, which only takes time.
const longNumber = /(?:^|[[,:\s])-?(?:\d[\d.]{15,}|[\d.]+[eE])/;
const longInteger = /(?:^|[[,:\s])-?\d{16,}(?![\d.eE])/;

/** What a reviver gets to know of the text: ECMAScript's proposal "JSON.parse source text access". */
interface Context {
  source?: string;
}
type Reviver = Parameters<typeof JSON.parse>[1];

/**
 * Makes of each number that differs from its double one that `JSON.stringify` writes as `write` does; where
 * that is undefined, the double stays.
 */
function parseKeeping(
  text: string,
  write: (decimal: string, source: string) => string | undefined,
): JsonValue {
  const keepDigits = (_: string, value: unknown, { source }: Context): unknown => {
    if (typeof value !== "number" || source === undefined || source.length > longest) return value;
    // Doubles hold 15 digits, but for the smallest of them.
    if (source.length <= 15 && Math.abs(value) > 1e-300) return value;
    const decimal = decimalOf(source);
    const written = decimal === decimalOf(String(value)) ? undefined : write(decimal, source);
    return written === undefined ? value : rawJson.rawJSON(written);
  };
  return JSON.parse(text, keepDigits as Reviver);
}

/** The one way to write a number's decimal: `-12.50e3` is `-125e2`. */
function decimalOf(source: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** What the types of TypeScript leave out. */
export const rawJson = JSON as typeof JSON & {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};
