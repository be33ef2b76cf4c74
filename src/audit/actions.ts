import { invalidField } from "../errors.ts";

const actions = [
  ...["create", "update", "delete"],
  // Of jobs.
  ...["cancel", "retry", "pause", "resume"],
  // Of workers.
  ...["register", "drain", "deregister"],
  // A batch of evaluations was stored in a benchmark, or removed from one that is being deleted.
  ...["add_evaluations", "delete_evaluations"],
  // Of users and their credentials.
  ...["login", "login_failed", "logout", "revoke", "rotate", "change_password"],
  // The chain of the trail was verified.
  "verify",
  // Old rows were removed, or a call was refused because it lacked a credential or a permission.
  ...["cleanup", "denied"],
  // A backup was put into the database.
  "restore",
] as const;

/** The actions of the service's own entries. Entries of outside systems (CreateAuditLog) may name others. */
export type AuditAction = (typeof actions)[number];

const entityTypes = [
  "benchmark",
  "evaluation",
  // The baseline of a dataset, by the dataset's name.
  "baseline",
  "job",
  // A paused or resumed job type, by its name.
  "job_type",
  // A limit, or a paused or resumed limit key, by that key.
  "job_limit",
  // The worker_id.
  "worker",
  "user",
  "api_key",
  "session",
  // An entry; "chain" is the chain of them all.
  "audit_log",
  // A method by its full name, for example "ltb.v1.JobService/CreateJob".
  "method",
  // All of it. Its entries have no id.
  "database",
] as const;

/** The kinds of entities that entries are about, and the meaning of `entityId` for some. */
export type AuditEntityType = (typeof entityTypes)[number];

const own = { actions: new Set<string>([...actions, "attempt"]), entityTypes: new Set<string>(entityTypes) };

/** Refuses what only the service itself records: its own actions on its own kinds of entities. */
export function refuseOwn(action: string, entityType: string): void {
  if (!own.actions.has(action) || !own.entityTypes.has(entityType)) return;
  const what = `${JSON.stringify(action)} of entity_type ${JSON.stringify(entityType)}`;
  throw invalidField("action", `must be another: the service records ${what} itself`);
}
