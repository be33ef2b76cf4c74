import type { Client } from "pg";
import { formatPlace, MigrationError } from "./error.ts";
import type { Statement } from "./statements.ts";

const NAME = '("(?:[^"]|"")+"|[a-z_]\\w*)';
const CREATE = new RegExp(`^create\\s+(?:unique\\s+)?index\\s+concurrently\\s+${NAME}\\s+on\\b`, "i");
const DROP = new RegExp(`^drop\\s+index\\s+concurrently\\s+${NAME}$`, "i");
const HARMLESS = /^(alter\s+table\s+\S+\s+validate\s+constraint\s+\S+|analyze\b[^;]*)$/i;

interface File {
  path: string;
  text: string;
  statements: readonly Statement[];
}

/** Refuses what may not run again: outside of a transaction, a failure leaves earlier statements done. */
export function checkRepeatable(file: File): void {
  const other = file.statements.find(
    ({ text }) => ![CREATE, DROP, HARMLESS].some((pattern) => pattern.test(text.trim())),
  );
  if (!other) return;
  throw new MigrationError(
    `${formatPlace(file, other.start)}: a migration with -- No Transaction may hold only ` +
      "create index concurrently NAME on …, drop index concurrently NAME, alter table … validate constraint … " +
      "and analyze: what failed half-way must be able to run again",
  );
}

/** Runs a statement unless a run that was cut off did; an INVALID index of such a run is dropped before. */
export async function runRepeatable(
  client: Client,
  { text }: Statement,
  info: (message: string) => void,
): Promise<void> {
  const created = CREATE.exec(text.trim())?.[1];
  const dropped = DROP.exec(text.trim())?.[1];
  if (created !== undefined) {
    const state = await indexState(client, created);
    if (state === "valid") return;
    if (state === "invalid") {
      info(`dropping the index ${created}, which an earlier try has left unfinished`);
      await client.query(`drop index concurrently ${created}`);
    }
    info(`creating the index ${created} beside the work of others; it waits for transactions that are older`);
  }
  if (dropped !== undefined && (await indexState(client, dropped)) === "none") return;
  await client.query(text);
}

/** Makes a statement fit to run within a transaction, where nobody else is to be held up. */
export function removeConcurrently(text: string): string {
  return text.replace(/^(create\s+(?:unique\s+)?index|drop\s+index)\s+concurrently\b/i, "$1");
}

async function indexState(client: Client, name: string): Promise<"valid" | "invalid" | "none"> {
  const { rows } = await client.query<{ valid: boolean }>(
    "select indisvalid as valid from pg_index where indexrelid = to_regclass($1)",
    [name],
  );
  if (!rows[0]) return "none";
  return rows[0].valid ? "valid" : "invalid";
}
