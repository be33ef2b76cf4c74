import { limits } from "../limits.ts";

/**
 * Does `batch` again and again, each time for at most `limits.maintenanceBatchRows` rows, until it has found
 * fewer. No statement then grows with what has gathered.
 * @param batch answers how many rows it found
 * @returns how many there were in all
 */
export async function inBatches(batch: (rows: number) => Promise<number>): Promise<number> {
  const rows = limits.maintenanceBatchRows;
  let all = 0;
  for (;;) {
    const found = await batch(rows);
    all += found;
    if (found < rows) return all;
  }
}
