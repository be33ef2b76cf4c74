/**
 * A sum that also keeps what rounding takes from it: Neumaier's method (ZAMM 54, 1974). It is right to the
 * last bit but one however many terms there are, unless terms of either sign cancel.
 */
export interface RunningSum {
  sum: number;
  /** What `sum` lacks. */
  lost: number;
}

export function addTo(running: RunningSum, term: number): void {
  const { sum } = running;
  const total = sum + term;
  running.lost += Math.abs(sum) >= Math.abs(term) ? sum - total + term : term - total + sum;
  running.sum = total;
}

export const totalOf = ({ sum, lost }: RunningSum) => sum + lost;
