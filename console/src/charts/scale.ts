import type { Interval } from "../../../src/charts/data.ts";

/** The numbers that an axis must show for a figure; an endless reach ends with the chart. */
export function endsOf({ value, low = value, high = value, reach }: Omit<Interval, "name">): number[] {
  const all = [value, low, high, reach?.low ?? value, reach?.high ?? value];
  return all.filter(Number.isFinite);
}

/**
 * The ends of an axis, with some room around the values, but not beyond 0, 1 or -1 where no value is: an
 * axis of shares would show what cannot be.
 */
export function extentOf(values: readonly number[]): [number, number] {
  const [least, most] = values.length === 0 ? [0, 0] : [Math.min(...values), Math.max(...values)];
  // A single point makes no scale.
  const room = least === most ? Math.abs(least) / 2 || 1 : (most - least) / 50;
  const floor = [0, -1].find((end) => least >= end) ?? Number.NEGATIVE_INFINITY;
  const ceiling = most <= 1 ? 1 : Number.POSITIVE_INFINITY;
  return [Math.max(least - room, floor), Math.min(most + room, ceiling)];
}
