import { notFound } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Principal } from "../principal.ts";
import { email, username } from "../users/input.ts";
import { text, uuid, workerName } from "../validation.ts";
import type { BaselineOf, Owner, Owners } from "./ownership.ts";
import { adminField, notOwner, notSelf } from "./refusals.ts";

/**
 * Checks that a request, or a message of a request stream, concerns only entities that its caller may touch,
 * who is not admin. It answers at once if the owners are known, so a stream pays no turn for each message.
 * @throws ServiceError PERMISSION_DENIED that names an entity of another user. Missing entities and malformed
 * ids pass, because the handler answers for those.
 */
export type OwnerRule<Request> = (
  request: Request,
  caller: Principal,
  owners: Owners,
) => Promise<void> | undefined;

/** Runs the check, unless the text is no id: the handler refuses that. */
function withId(given: string, check: (id: string) => Promise<void>): Promise<void> | undefined {
  const id = uuid.safeParse(given).data;
  return id === undefined ? undefined : check(id);
}

function mustOwn(entity: string, id: string, owner: Owner, { userId }: Principal): void {
  if (owner !== undefined && owner !== userId) throw notOwner(entity, id);
}

/** Checks that the caller owns each of the benchmarks. */
function benchmarks(ids: Iterable<string>, caller: Principal, owners: Owners): Promise<void> | undefined {
  const unknown: string[] = [];
  for (const given of ids) {
    const id = uuid.safeParse(given).data;
    if (id !== undefined && !owners.benchmarks.isKnownOf(id, caller.userId)) unknown.push(id);
  }
  if (unknown.length === 0) return undefined;
  return Promise.all(
    unknown.map(async (id) => mustOwn("benchmark", id, await owners.benchmarks.read(id), caller)),
  ).then(() => undefined);
}

type OfBenchmark = { readonly benchmarkId: string };
type Evaluations = OfBenchmark & { readonly evaluations: readonly OfBenchmark[] };

/** UpdateBenchmark, DeleteBenchmark. */
export const benchmark: OwnerRule<{ id: string }> = ({ id }, caller, owners) =>
  benchmarks([id], caller, owners);

/** SetBaseline. It takes the present baseline of the dataset away, so that has to be the caller's too. */
export const newBaseline: OwnerRule<OfBenchmark> = ({ benchmarkId }, caller, owners) =>
  withId(benchmarkId, async (id) => {
    await benchmarks([id], caller, owners);
    await ownBaseline({ benchmarkId: id }, caller, owners);
  });

/** UnsetBaseline. */
export const baseline: OwnerRule<{ dataset: string }> = ({ dataset }, caller, owners) =>
  text(limits.nameLength, 1).safeParse(dataset).success
    ? ownBaseline({ dataset }, caller, owners)
    : undefined;

async function ownBaseline(of: BaselineOf, caller: Principal, owners: Owners): Promise<void> {
  const found = await owners.baseline(of);
  if (found) mustOwn("baseline", found.id, found.owner, caller);
}

/** CreateEvaluation. Writing evaluations into other users' benchmarks is the work of workers. */
export const evaluationsBenchmark: OwnerRule<OfBenchmark> = ({ benchmarkId }, caller, owners) =>
  caller.role === "worker" ? undefined : benchmarks([benchmarkId], caller, owners);

/** BatchCreateEvaluations, and each message of StreamEvaluations. */
export const evaluationsBenchmarks: OwnerRule<Evaluations> = (request, caller, owners) => {
  if (caller.role === "worker") return undefined;
  const ids = distinct(request.evaluations, (one) => one.benchmarkId || request.benchmarkId);
  return benchmarks(ids, caller, owners);
};

/** UpdateEvaluation, DeleteEvaluation. With a benchmark_id they reach only evaluations of that benchmark. */
export const evaluation: OwnerRule<{ id: string; benchmarkId: string }> = (request, caller, owners) => {
  if (request.benchmarkId !== "") return benchmarks([request.benchmarkId], caller, owners);
  return withId(request.id, async (id) => {
    for (const owner of await owners.evaluation(id)) mustOwn("evaluation", id, owner, caller);
  });
};

/** CreateJob. The job's results will be written into that benchmark. */
export const jobsBenchmark: OwnerRule<OfBenchmark> = ({ benchmarkId }, caller, owners) =>
  benchmarkId === "" ? undefined : benchmarks([benchmarkId], caller, owners);

/** BatchCreateJobs. */
export const jobsBenchmarks: OwnerRule<{ jobs: readonly OfBenchmark[] }> = ({ jobs }, caller, owners) => {
  const ids = distinct(jobs, (one) => one.benchmarkId);
  return benchmarks(ids, caller, owners);
};

/** UpdateJob, CancelJob, RetryJob, DeleteJob. */
export const job: OwnerRule<{ id: string }> = (request, caller, owners) =>
  withId(request.id, async (id) => mustOwn("job", id, await owners.job(id), caller));

/** The calls of a worker in its own name. Only the user who registered the worker may make them. */
export const worker: OwnerRule<{ workerId: string }> = ({ workerId }, caller, owners) =>
  workerOf(workerId, caller, owners, (owner) => mustOwn("worker", workerId, owner, caller));

/** RegisterWorker. A worker that was registered without authentication becomes the caller's. */
export const registration: OwnerRule<{ workerId: string }> = ({ workerId }, caller, owners) =>
  workerOf(workerId, caller, owners, (owner) => mustOwn("worker", workerId, owner ?? undefined, caller));

function workerOf(
  workerId: string,
  { userId }: Principal,
  { workers }: Owners,
  check: (owner: Owner) => void,
): Promise<void> | undefined {
  if (workers.isKnownOf(workerId, userId) || !workerName.safeParse(workerId).success) return undefined;
  return workers.read(workerId).then(check);
}

/** ChangePassword. */
export const user: OwnerRule<{ id: string }> = ({ id }, caller) => {
  if (id.toLowerCase() !== caller.userId) throw notSelf("records");
  return undefined;
};

/** GetUser. The database looks up an email or username, because only it knows which spellings are equal. */
export const userByKey: OwnerRule<{
  key: { case: "id" | "email" | "username"; value: string } | { case: undefined; value?: undefined };
}> = ({ key }, caller, owners) => {
  if (key.case === undefined) return undefined;
  if (key.case === "id") return user({ id: key.value }, caller, owners);
  const { data } = (key.case === "email" ? email : username).safeParse(key.value);
  if (data === undefined) return undefined;
  return owners.user(key.case, data).then((id) => {
    if (id !== caller.userId) throw notSelf("records");
  });
};

/** UpdateUser. */
export const userRecord: OwnerRule<{
  id: string;
  role?: number | undefined;
  active?: boolean | undefined;
  emailVerified?: boolean | undefined;
  updateMask?: { paths: string[] } | undefined;
}> = (request, caller, owners) => {
  const { role, active, emailVerified, updateMask } = request;
  const values = { role, active, email_verified: emailVerified };
  for (const [field, value] of Object.entries(values)) {
    if (value !== undefined || updateMask?.paths.includes(field)) throw adminField(field);
  }
  return user(request, caller, owners);
};

/** The rule for requests that name a user, or else are about the caller. */
function ofCaller(what: string): OwnerRule<{ userId: string }> {
  return ({ userId }, caller) => {
    if (userId !== "" && userId.toLowerCase() !== caller.userId) throw notSelf(what);
    return undefined;
  };
}

/** CreateApiKey, ListApiKeys. */
export const keysUser = ofCaller("API keys");

/** RevokeApiKey, RotateApiKey. */
export const apiKey: OwnerRule<{ id: string }> = (request, caller, owners) =>
  withId(request.id, async (id) => mustOwn("API key", id, await owners.apiKey(id), caller));

/** CreateAuditLog. */
export const auditEntriesUser = ofCaller("audit entries");

/** GetAuditLog. Attempts belong to no user; they are found with their job. */
export const auditEntry: OwnerRule<{ id: string }> = (request, caller, owners) =>
  withId(request.id, async (id) => {
    const owner = await owners.auditEntry(id);
    if (owner === undefined) throw notFound("audit log", id);
    if (owner !== caller.userId) throw notSelf("audit entries");
  });

/** ListAuditLogs. Without a user it lists the caller's own. */
export const auditEntriesList: OwnerRule<{ userId: string }> = (request, caller, owners) => {
  auditEntriesUser(request, caller, owners);
  request.userId = caller.userId;
  return undefined;
};

/** Most messages name one benchmark, which needs no set. */
function distinct<Item>(items: readonly Item[], idOf: (item: Item) => string): Iterable<string> {
  const found = new Set<string>();
  let last: string | undefined;
  for (const item of items) {
    const id = idOf(item);
    if (id !== last) found.add(id);
    last = id;
  }
  return found;
}
