import type { MetricSlice, MetricSlices } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { CliError } from "./errors.ts";
import { countOf, formatInterval, formatNumber } from "./output.ts";

/** Options of a command that divides evaluations into groups. */
export interface Grouping {
  groupBy?: string;
}

/** The name of a group. */
export function sliceName({ value }: { value?: string | undefined }, key: string): string {
  if (value === undefined) return `(no ${key})`;
  return value === "" ? '""' : value;
}

export const sliceColumns = (key: string) => [key, ">n", ">mean", ">stddev", ">stderr", ">95 % CI"];

/** "12", or "12 of 15" where samples of the group have no value. */
const scored = ({ samples, tried }: MetricSlice) => (samples < tried ? `${samples} of ${tried}` : samples);

/** A row for each group, and one for the mean of their means, in the columns of `sliceColumns`. */
export function sliceRows(found: MetricSlices, key: string): (string | number)[][] {
  const rows = found.slices.map((slice): (string | number)[] => {
    const figures = [slice.mean, slice.stddev, slice.stderr].map((value) => formatNumber(value));
    return [sliceName(slice, key), scored(slice), ...figures, formatInterval(slice)];
  });
  const { macroMean, macroStderr, macroSlices } = found;
  if (macroMean !== undefined)
    rows.push([
      `mean of ${macroSlices} means`,
      "",
      formatNumber(macroMean),
      "",
      formatNumber(macroStderr),
      "",
    ]);
  return rows;
}

/**
 * Refuses a key of which no evaluation has a value: all of them would be one group.
 * @throws CliError
 */
export function requireGroups(
  key: string,
  found: readonly { slices: readonly { value?: string | undefined }[] }[],
): void {
  const groups = found.flatMap(({ slices }) => slices);
  if (groups.length === 0 || groups.some(({ value }) => value !== undefined)) return;
  throw new CliError(`no evaluation has a value of ${key}; ltb export shows what they have`, {
    code: "NOT_FOUND",
  });
}

/** What a table of groups means and lacks, as sentences. */
export function slicesNotes(found: MetricSlices, key: string): string[] {
  const { slices, macroMean } = found;
  const notes: string[] = [];
  if (slices.some(({ samples, tried }) => samples < tried))
    notes.push("Of some groups only so many samples have a value, which their means and intervals are over.");
  if (macroMean !== undefined)
    notes.push(
      `In the mean of the means each ${key} with a value has the same weight, however many samples.`,
    );
  return [...notes, ...leftOutNote(found)];
}

/** So many names of groups are shown in a sentence. */
export const NAMED = 20;

/** @param quote how names that others gave are shown */
export function leftOutNote(
  { slicesLeftOut: count, leftOut }: { slicesLeftOut: number; leftOut: readonly string[] },
  quote = (name: string) => name,
): string[] {
  if (count === 0) return [];
  const named = leftOut.slice(0, NAMED).map((name) => quote(sliceName({ value: name }, "")));
  const more = count > named.length ? ", …" : "";
  const has = count === 1 ? "has" : "have";
  return [
    `${countOf(count, "further group")} ${has} no row, and no more samples than those that have one: ${named.join(", ")}${more}.`,
  ];
}
