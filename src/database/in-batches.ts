import { limits } from "../limits.ts";

/**
 * Does `batch`, which answers how many rows it found, until these are fewer than
 * `limits.maintenanceBatchRows`, so that no statement grows with what has gathered. Returns how many there
 * were in all.
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
