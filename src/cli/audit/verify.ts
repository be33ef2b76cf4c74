import { rename, writeFile } from "node:fs/promises";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type VerifyAuditLogResponse,
  VerifyAuditLogResponseSchema,
} from "../../../gen/ltb/v1/audit_service_pb.ts";
import { readTextFile } from "../../files.ts";
import { createClient, type ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { describeError, showError } from "../shared/describe-error.ts";
import { exitCodes, UsageError } from "../shared/errors.ts";
import { gatherValues, parseTime } from "../shared/options.ts";
import { oneLine, print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";

interface Options extends ServiceOptions {
  from?: Date;
  to?: Date;
  head: string[];
  headFile?: string;
}

type Head = { sequence: bigint; seal: string };

/** The trail holds, it does not, or that could not be found out. */
const verdicts = { holds: exitCodes.ok, broken: exitCodes.failure, unknown: 2 } as const;

/** A day: recomputing a long chain takes a while. */
const DEADLINE_MS = 86_400_000;

/** Adds `verify` to `ltb audit`. */
export function addVerify(audit: Command): void {
  addServiceCommand(audit, "verify")
    .summary("prove that the audit trail was not tampered with")
    .description(
      "Recomputes the chain of seals over the audit trail and names the first entry that was altered, removed or inserted. " +
        "What only a copy outside of the service can prove is that the end was not cut off: keep heads by --head-file. " +
        "Takes about 10 seconds per million entries; --deadline does not count.\n\n" +
        "Exit codes: 0 it holds, 1 it does not, 2 that could not be found out.",
    )
    .option("--from <time>", "seals made at this time or later (default: from the first)", parseTime)
    .option("--to <time>", "seals made before this time (default: to the last)", parseTime)
    .option(
      "--head <sequence:seal>",
      "a head that the chain must still contain, as an earlier run printed it; may be repeated",
      gatherValues,
      [],
    )
    .option(
      "--head-file <file>",
      "the chain must contain the head in this file, which is then replaced by its present one",
    )
    .examples(
      "ltb audit verify",
      [
        "ltb audit verify --head-file /mnt/elsewhere/ltb.head",
        "each night: also proves that nothing was cut off since the last",
      ],
      "ltb audit verify --json | jq .first_broken",
    )
    .action(verify);
}

async function verify({ from, to, head, headFile, ...options }: Options): Promise<void> {
  try {
    const knownHeads = head.map(parseHead);
    if (headFile !== undefined) knownHeads.push(...(await readHeads(headFile)));
    using client = createClient(options);
    const answer = await client.audit.verifyAuditLog(
      {
        ...(from && { from: timestampFromDate(from) }),
        ...(to && { to: timestampFromDate(to) }),
        knownHeads,
      },
      { timeoutMs: DEADLINE_MS },
    );
    const [present] = answer.heads.map(({ sequence, seal }) => `${sequence}:${seal}`);
    // If only a part of the time was verified, the head may be older than the stored one.
    if (answer.valid && present && headFile !== undefined && !to) await writeHead(headFile, present);
    show(answer, present ?? null, options);
    process.exitCode = answer.valid ? verdicts.holds : verdicts.broken;
  } catch (error) {
    // Not 1: who asks whether the trail holds must not take "no answer" for "no".
    showError(describeError(error), { json: options.json ?? false, cause: error });
    process.exitCode = verdicts.unknown;
  }
}

function parseHead(text: string): Head {
  const [, sequence, seal] = /^(\d{1,16}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  if (sequence === undefined || seal === undefined)
    throw new UsageError(`expected SEQUENCE:SEAL, such as 12:5d41…, got ${JSON.stringify(text)}`);
  return { sequence: BigInt(sequence), seal: seal.toLowerCase() };
}

/** None if there is no such file yet. */
async function readHeads(file: string): Promise<Head[]> {
  const text = await readTextFile(file);
  return text === undefined ? [] : [parseHead(text)];
}

async function writeHead(file: string, head: string): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, `${head}\n`);
  await rename(draft, file);
}

function show(answer: VerifyAuditLogResponse, head: string | null, { json }: ServiceOptions): void {
  if (json) {
    const { heads, ...plain } = toPlain(VerifyAuditLogResponseSchema, answer);
    printJson({ ...plain, head });
    return;
  }
  const { entriesChecked, entriesRemoved, entriesUnsealed, firstBroken: broken } = answer;
  if (broken) print(oneLine(`THE AUDIT TRAIL DOES NOT HOLD: ${broken.reason}`));
  else print("The audit trail holds.");
  print(
    `entries checked ${entriesChecked}, removed by cleanup ${entriesRemoved}, waiting to be sealed ${entriesUnsealed}`,
  );
  if (head !== null) print(`head ${head}`);
}
