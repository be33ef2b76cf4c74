import { createHash } from "node:crypto";
import type { BackupResult } from "./format.ts";

/** Counts and hashes a table's rows in COPY's text format. */
export class TableDigest {
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #rows = 0;

  update(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    // A line feed within a value is escaped, so each line feed ends a row.
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) this.#rows++;
  }

  /** Can be asked once. */
  sum(): BackupResult["manifest"]["tables"][string] {
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }
}
