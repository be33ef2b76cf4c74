import { Code } from "@connectrpc/connect";
import { z } from "zod";
import { currentOrigin, serviceOrigin, withOrigin } from "../call-scope.ts";
import { type Content, contentHash } from "../content-hash.ts";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { type JsonValue, parseInput, text } from "../validation.ts";
import { inBatches } from "./in-batches.ts";
import type { Executor } from "./statement/executor.ts";
import { sql, statement } from "./statement/sql.ts";

/** The key that makes a create safe to repeat: unique for its actor and method for 24 hours. */
export interface RequestKey {
  requestId: string;
  /** Id of the user who asks. Default: nobody. */
  actor?: string;
}

interface Steps<Answer, Kept extends JsonValue> {
  create: (db: Executor) => Promise<Answer>;
  /** The stored part of the answer: an id, if the answer can be read again. */
  remember: (answer: Answer) => Kept;
  recall: (db: Executor, kept: Kept) => Promise<Answer>;
}

const insertRequest = statement("request_insert", {
  row: z.object({ requestId: z.string() }),
  build: (actor: string, method: string, requestId: string, hash: string) => sql.fragment`
    insert into requests (actor, method, request_id, body_hash)
    values (${actor}, ${method}, ${requestId}, decode(${hash}, 'hex'))
    on conflict (actor, method, request_id) do nothing
    returning request_id`,
  examples: [["", "CreateBenchmark", "r", "00"]],
});

const finishRequest = statement("request_finish", {
  row: z.object({ requestId: z.string() }),
  build: (actor: string, method: string, requestId: string, result: string) => sql.fragment`
    update requests set result = ${result}
    where actor = ${actor} and method = ${method} and request_id = ${requestId}
    returning request_id`,
  examples: [["", "CreateBenchmark", "r", "{}"]],
});

const getRequest = statement("request_get", {
  row: z.object({ bodyHash: z.string(), result: z.custom<JsonValue>().nullable() }),
  build: (actor: string, method: string, requestId: string) => sql.fragment`
    select encode(body_hash, 'hex') as body_hash, result
    from requests where actor = ${actor} and method = ${method} and request_id = ${requestId}`,
  examples: [["", "CreateBenchmark", "r"]],
});

// Forgets request ids that are too old to be repeated.
const forgetOld = statement("maintenance_forget_requests", {
  row: z.object({ forgotten: z.number() }),
  build: (hours: number, limit: number) => sql.fragment`
    with forgotten as (
      delete from requests where ctid = any (array(
        select ctid from requests where created_at < now() - make_interval(hours => ${hours}) limit ${limit}
        for update skip locked
      ))
      returning 1
    )
    select count(*) as forgotten from forgotten`,
  examples: [[24, 10]],
});

const requestIdText = text(limits.requestIdLength, 1);

/**
 * Runs `create` at most once for a request id, in one transaction with the note that it ran: when the same
 * request comes again, `recall` answers it. Without a request, simply runs `create`.
 * @throws ALREADY_EXISTS with reason REQUEST_ID_REUSED if the id came before with another body
 */
export async function runOnce<Answer, Kept extends JsonValue>(
  db: Executor,
  request: RequestKey | undefined,
  method: string,
  body: Content,
  { create, remember, recall }: Steps<Answer, Kept>,
): Promise<Answer> {
  if (!request) return create(db);
  const requestId = parseInput(requestIdText, request.requestId, "request_id");
  const actor = request.actor ?? "";
  const hash = contentHash(body);
  return db.transaction(async (transaction) => {
    // A request that is being run by another call is waited for here, by the primary key.
    const isFirst = await transaction.maybeOne(insertRequest(actor, method, requestId, hash));
    if (isFirst) {
      const answer = await withOrigin({ ...(currentOrigin() ?? serviceOrigin), requestId }, () =>
        create(transaction),
      );
      await transaction.any(finishRequest(actor, method, requestId, JSON.stringify(remember(answer))));
      return answer;
    }
    const earlier = await transaction.one(getRequest(actor, method, requestId));
    if (earlier.bodyHash !== hash) throw reused(requestId);
    return recall(transaction, earlier.result as Kept);
  });
}

/** The refusal of a request id that came before with another body. */
export function reused(requestId: string): ServiceError {
  const message = `request_id ${requestId} was used for another request in the last ${limits.requestIdHours} hours: use a new one`;
  return new ServiceError(Code.AlreadyExists, "REQUEST_ID_REUSED", message, {
    violations: [{ field: "request_id", description: "was used with another body" }],
  });
}

/** The task that forgets request ids which are too old to be repeated. */
export function requestTasks(db: Executor): MaintenanceTask[] {
  const forgetRequests = () =>
    inBatches(async (rows) => (await db.one(forgetOld(limits.requestIdHours, rows))).forgotten);
  return [{ name: "request ids", everyMs: limits.maintenanceIntervalMs, run: forgetRequests }];
}
