/**
 * The actions that the service's own entries name. Entries of outside systems (CreateAuditLog) may name any
 * action.
 */
export const auditActions = [
  "create",
  "update",
  "delete",
  /** Actions on jobs. */
  "cancel",
  "retry",
  "pause",
  "resume",
  /** Actions on workers. */
  "register",
  "drain",
  "deregister",
  /** A batch of evaluations was stored in a benchmark, or removed from one that is being deleted. */
  "add_evaluations",
  "delete_evaluations",
  /** Old rows were removed: jobs, stale workers, audit logs. */
  "cleanup",
  /** Actions on users and their credentials. */
  "login",
  "login_failed",
  "logout",
  "revoke",
  "rotate",
  "change_password",
  /** A call was refused because it lacked a credential or a permission. */
  "denied",
] as const;

export type AuditAction = (typeof auditActions)[number];

/** The kinds of entities that entries are about, and what `entityId` is for each. */
export const auditEntityTypes = [
  "benchmark",
  "evaluation",
  "job",
  /** A paused or resumed job type, by its name. */
  "job_type",
  /** A limit, or a paused or resumed limit key, by that key. */
  "job_limit",
  /** The worker_id. */
  "worker",
  "user",
  "api_key",
  "session",
  "audit_log",
  /** A method by its full name, for example "ltb.v1.JobService/CreateJob". */
  "method",
] as const;

export type AuditEntityType = (typeof auditEntityTypes)[number];
