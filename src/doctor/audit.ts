import { AuditChain } from "../audit/seal/seal-task.ts";
import { readTail } from "../audit/seal/statements.ts";
import { describeDatabase } from "../config/database.ts";
import { Database } from "../storage.ts";
import { type Check, fail, ok, warn } from "./check.ts";

const backlog = 100_000;
const runbook = "See docs/security.md, “When the trail does not hold”.";

/** Checks that the end of the audit trail holds and is being sealed. `ltb audit verify` checks all of it. */
export const audit: Check = async ({ row, database, config }) => {
  const { waiting } = await row<{ waiting: number }>(
    "select count(*)::float8 as waiting from (select from audit_unsealed limit 1000000) u",
  );
  const db = await Database.connect({ ...database, poolSize: 1 }, { startupTimeoutMs: 0 });
  try {
    const { file: keyFile, headFile } = config.auditKey;
    const chain = new AuditChain(db.executor, { keyFile, headFile, database: describeDatabase(database) });
    const keys = await chain.keys();
    const tail = await db.executor.maybeOne(readTail());
    if (keys === undefined && tail === null && config.database.kind === "embedded")
      return ok("nothing is sealed yet; the service makes its key at its first start");
    if (keys === undefined)
      return warn(
        `no key in ${keyFile}, so nothing is sealed from here; ${waiting} statements wait`,
        "Give every server the one key that it was sealed with (LTB_AUDIT_KEY_FILE), or run this on a machine that has it.",
      );
    const problem = await chain.problem(db.executor, keys, tail);
    if (problem !== undefined) return fail(`nothing can be sealed: ${problem}`, runbook);
    if (waiting > backlog)
      return warn(`${waiting} statements wait to be sealed`, "Do servers run, and have they the key?");
    return ok(`its end holds (seal ${tail?.sequence ?? 0}); ${waiting} statements wait to be sealed`);
  } finally {
    await db.close();
  }
};
