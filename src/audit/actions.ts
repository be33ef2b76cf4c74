type EntityAction = "create" | "update" | "delete";
type JobAction = "cancel" | "retry" | "pause" | "resume";
type WorkerAction = "register" | "drain" | "deregister";
/** A batch of evaluations was stored in a benchmark, or removed from one that is being deleted. */
type BatchAction = "add_evaluations" | "delete_evaluations";
/** Actions on users and their credentials. */
type UserAction = "login" | "login_failed" | "logout" | "revoke" | "rotate" | "change_password";
/** Old rows were removed, or a call was refused because it lacked a credential or a permission. */
type ServiceAction = "cleanup" | "denied";

/** The actions of the service's own entries. Entries of outside systems (CreateAuditLog) may name others. */
export type AuditAction = EntityAction | JobAction | WorkerAction | BatchAction | UserAction | ServiceAction;

/** The kinds of entities that entries are about, and the meaning of `entityId` for some. */
export type AuditEntityType =
  | "benchmark"
  | "evaluation"
  | "job"
  /** A paused or resumed job type, by its name. */
  | "job_type"
  /** A limit, or a paused or resumed limit key, by that key. */
  | "job_limit"
  /** The worker_id. */
  | "worker"
  | "user"
  | "api_key"
  | "session"
  | "audit_log"
  /** A method by its full name, for example "ltb.v1.JobService/CreateJob". */
  | "method";
