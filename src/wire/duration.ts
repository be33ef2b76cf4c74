import { type Duration, durationFromMs, durationMs as msOf } from "@bufbuild/protobuf/wkt";
import { invalidField } from "../errors.ts";

/** A `Duration` of that many milliseconds, rounded to whole ones. */
export function toDuration(ms: number): Duration {
  return durationFromMs(Math.round(ms));
}

/** Milliseconds of a `Duration` in an answer; unset is 0. */
export function durationMs(duration: Duration | undefined): number {
  return duration ? msOf(duration) : 0;
}

/**
 * A `Duration` of a request in whole milliseconds, rounded up; unset stays undefined.
 * @param bounds.expected the bounds in words. Default: in seconds
 * @throws INVALID_ARGUMENT naming `field` if it is not within `min` and `max` milliseconds
 */
export function fromDuration(
  duration: Duration | undefined,
  field: string,
  { min = 0, max = 315_576_000_000_000, expected }: { min?: number; max?: number; expected?: string } = {},
): number | undefined {
  if (!duration) return undefined;
  const ms = Number(duration.seconds) * 1000 + Math.ceil(duration.nanos / 1_000_000);
  if (ms >= min && ms <= max) return ms;
  const range = expected ?? `a duration from ${min / 1000} s to ${max / 1000} s, is ${ms / 1000} s`;
  throw invalidField(field, `must be ${range}`);
}
