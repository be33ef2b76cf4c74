/** Writes a time span in its largest unit that leaves it at least 1, for example `1.5 s`, `12 min`. */
export function formatSpan(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const;
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ["ms", 1];
  return `${Number((ms / size).toPrecision(3))} ${unit}`;
}
