/**
 * Adjusts p-values for their number by Holm's step-down method (Holm 1979), in the order given. Undefined
 * ones stay and do not count.
 */
export function holm(pValues: readonly (number | undefined)[]): (number | undefined)[] {
  const order = pValues
    .flatMap((p, index) => (p === undefined ? [] : [{ p, index }]))
    .sort((a, b) => a.p - b.p);
  const adjusted: (number | undefined)[] = pValues.map(() => undefined);
  let least = 0;
  for (const [rank, { p, index }] of order.entries()) {
    least = Math.max(least, Math.min(1, p * (order.length - rank)));
    adjusted[index] = least;
  }
  return adjusted;
}
