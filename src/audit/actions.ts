/** What an entry of the service says was done. Entries of outside systems (CreateAuditLog) name what they like. */
export const auditActions = [
  "create",
  "update",
  "delete",
  /** Of jobs. */
  "cancel",
  "retry",
  "pause",
  "resume",
  /** Of workers. */
  "register",
  "drain",
  "deregister",
  /** A batch of evaluations was stored in a benchmark; a batch of those of a benchmark that is being deleted was removed. */
  "add_evaluations",
  "delete_evaluations",
  /** Old rows were removed: jobs, stale workers, audit logs. */
  "cleanup",
  /** Of users and their credentials. */
  "login",
  "login_failed",
  "logout",
  "revoke",
  "rotate",
  "change_password",
  /** A call was refused for want of a credential or a permission. */
  "denied",
] as const;

export type AuditAction = (typeof auditActions)[number];

/** What it was done to, and what its `entityId` is. */
export const auditEntityTypes = [
  "benchmark",
  "evaluation",
  "job",
  /** A type that was paused or resumed, by its name. */
  "job_type",
  /** A limit, or what was paused or resumed by limit key; by that key. */
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
