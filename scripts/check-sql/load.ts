import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allStatements } from "../../src/database/statement/sql.ts";

const sources = join(import.meta.dirname, "../../src");

/** Loads every statement of the service, from all modules. */
export async function loadStatements(): Promise<ReturnType<typeof allStatements>> {
  for (const file of readdirSync(sources, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const path = join(sources, file);
    if (/ from "\S*\/sql\.ts"/.test(readFileSync(path, "utf8"))) await import(path);
  }
  return new Map(allStatements());
}
