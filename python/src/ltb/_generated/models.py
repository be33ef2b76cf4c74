"""Messages and enums of the service. Made from proto/ by `npm run generate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from .._codec import EPOCH, Message

BenchmarkStatus = Literal[
    "UNSPECIFIED",
    "PENDING",
    "RUNNING",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
]
"""The state of a benchmark. Allowed changes: pending to running, completed, failed or cancelled; running to
completed, failed or cancelled; any state to itself. Any other change fails with FAILED_PRECONDITION, and
the message names both states.

- ``UNSPECIFIED``: Not given. In a filter: any status. Never returned.
- ``PENDING``: Created, not started. The status of a new benchmark.
- ``RUNNING``: Being run.
- ``COMPLETED``: Ended with results. Final.
- ``FAILED``: Ended by an error; see Benchmark.error. Final.
- ``CANCELLED``: Stopped on request. Final.
"""

BenchmarkOrder = Literal[
    "UNSPECIFIED",
    "CREATED_AT_DESC",
    "CREATED_AT_ASC",
]
"""The order of a list of benchmarks. Ties are broken by id in the same direction.

- ``UNSPECIFIED``: Default: newest first, the same as CREATED_AT_DESC.
- ``CREATED_AT_DESC``: Newest first.
- ``CREATED_AT_ASC``: Oldest first.
"""

BenchmarkView = Literal[
    "UNSPECIFIED",
    "BASIC",
    "FULL",
    "SUMMARY",
]
"""Which fields of a benchmark a list returns.

- ``UNSPECIFIED``: Default: BASIC.
- ``BASIC``: Every field but description, results and metadata, which are left unset.
- ``FULL``: Every field.
- ``SUMMARY``: BASIC, with `summary`. A page has 100 benchmarks at most.
"""

BenchmarkField = Literal[
    "UNSPECIFIED",
    "PROVIDER",
    "MODEL",
    "DATASET",
    "LABEL_KEY",
    "LABEL_VALUE",
]
"""A field whose values ListBenchmarkFieldValues lists.

- ``UNSPECIFIED``: Not allowed.
- ``PROVIDER``: Benchmark.provider.
- ``MODEL``: Benchmark.model.
- ``DATASET``: Benchmark.dataset.
- ``LABEL_KEY``: Keys of Benchmark.labels, of the newest 10000 benchmarks.
- ``LABEL_VALUE``: Values of one key of Benchmark.labels, of the newest 10000 benchmarks.
"""

Reducer = Literal[
    "UNSPECIFIED",
    "MEAN",
    "MEDIAN",
    "MODE",
    "MAX",
    "AT_LEAST_K",
    "PASS_AT_K",
    "PASS_HAT_K",
]
"""How the values that the repetitions of a sample have of a metric become one value, that of the sample.
Means, standard errors, intervals and tests are over samples, because repetitions of one sample are no
further evidence of others.

The last three are for metrics of 0 to 1, of which 1 is a success; a sample with any other value has no
value by them, and is counted in samples_unscored.

- ``UNSPECIFIED``: Default: MEAN.
- ``MEAN``: The arithmetic mean.
- ``MEDIAN``: The median; the mean of the two in the middle if there is an even number.
- ``MODE``: The most frequent value; of several, the one that the earliest repetition has.
- ``MAX``: The largest value.
- ``AT_LEAST_K``: 1 if k repetitions or more succeeded, else 0. A sample with n < k has no value.
- ``PASS_AT_K``: pass@k: an unbiased estimate of the probability that of k repetitions one or more succeeds,
  1 - C(n - c, k) / C(n, k) with c successes of n (Chen et al. 2021, arXiv:2107.03374). A sample with n < k
  has no value.
- ``PASS_HAT_K``: pass^k: an unbiased estimate of the probability that k repetitions all succeed, C(c, k) / C(n, k) (Yao et
  al. 2024, arXiv:2406.12045). A sample with n < k has no value.
"""

Missing = Literal[
    "UNSPECIFIED",
    "EXCLUDE",
    "AS_WORST",
    "BOUNDS",
]
"""What a mean does with what is missing: the samples that have no value (Coverage.missing), those that were
planned and not tried among them, and the repetitions that other samples lack
(Repetitions.samples_lacking).

- ``UNSPECIFIED``: Default: EXCLUDE.
- ``EXCLUDE``: It is left out, so that the figures are those of the values that there are.
- ``AS_WORST``: Each sample, and each repetition before its sample is reduced, counts as the worst value that the metric
  can have. By AT_LEAST_K, PASS_AT_K and PASS_HAT_K a repetition has not passed, or has where lower is
  better.
- ``BOUNDS``: It is left out, and bounds tell what the mean would be if all of it had the least value that the metric
  can have, or all the greatest.
"""

IntervalMethod = Literal[
    "UNSPECIFIED",
    "STUDENT_T",
    "WILSON",
    "CLUSTER_T",
]
"""How a confidence interval of a mean was computed.

- ``UNSPECIFIED``: There is no interval.
- ``STUDENT_T``: mean ± t(0.975, n - 1) * stderr, by Student's t distribution.
- ``WILSON``: Wilson's score interval (1927), which lies within [0, 1]. Used where every value is 0 or 1 and the metric
  is not one of tokens, latency or cost.
- ``CLUSTER_T``: mean ± t(0.975, G - 1) * stderr, with the clustered stderr of G clusters; see Clusters. Cut at 0 and 1
  where every value is 0 or 1 and the metric is not one of tokens, latency or cost.
"""

ComparisonTest = Literal[
    "UNSPECIFIED",
    "MCNEMAR_EXACT",
    "WILCOXON_SIGNED_RANK",
    "CLUSTER_T",
]
"""The statistical test behind BenchmarkComparison.p_value.

- ``UNSPECIFIED``: No test could be made: there are no pairs.
- ``MCNEMAR_EXACT``: Exact McNemar test. Used when every paired value is 0 or 1, after the reduction of repetitions.
- ``WILCOXON_SIGNED_RANK``: Wilcoxon signed-rank test. Used for every other metric.
- ``CLUSTER_T``: t-test of the mean difference by its clustered standard error, with G - 1 degrees of freedom; see
  Clusters. Used where the request has cluster_by. If the mean differences of all clusters are the same,
  which leaves no error, the exact test of all 2^G ways to give each a sign: p = 2^(1 - G), or 1 of a
  difference of 0.
"""

MarginTest = Literal[
    "UNSPECIFIED",
    "EXACT_SHARES",
    "GAFFKE",
    "STUDENT_T",
]
"""The test behind BenchmarkComparison.no_worse_p_value and equivalence_p_value.

- ``UNSPECIFIED``: No test was made.
- ``EXACT_SHARES``: The exact unconditional test by Tango's score (Tango 1998). Used where each difference is 0 or as large
  as differences can be, as all are of values that are 0 or 1.
- ``GAFFKE``: Gaffke's bound (Gaffke 2005). Used of other values whose range is known, and by clusters. It allows for
  losses that are too rare to be among the pairs. That of a candidate which is worse by the margin it is
  below 0.05 in at most 5 of 100 cases is proven of two different values and else conjectured; no
  counterexample is known.
- ``STUDENT_T``: The one-sided paired t-test, by clusters if asked for. Used where the range is not known. It takes that
  no loss is so rare and so large that the pairs tell nothing of it.
"""

ComparedState = Literal[
    "UNSPECIFIED",
    "REGRESSED",
    "IMPROVED",
    "UNCHANGED",
    "BOTH_WRONG",
    "ONLY_ONE",
    "MISSING",
]
"""Which samples ListComparedSamples lists. The first benchmark of the request is the baseline, and the others
are candidates.

- ``UNSPECIFIED``: All samples of any of the benchmarks.
- ``REGRESSED``: Those of which a candidate has a worse value than the baseline, by more than tie_tolerance.
- ``IMPROVED``: Those of which a candidate has a better value than the baseline, by more than tie_tolerance.
- ``UNCHANGED``: Those of which all have a value, and no candidate differs from the baseline by more than tie_tolerance.
- ``BOTH_WRONG``: Those of which all benchmarks have a value, and none is right by `threshold`.
- ``ONLY_ONE``: Those of which all benchmarks have a value, and exactly one is right by `threshold`.
- ``MISSING``: Those of which a benchmark has no value. Where all benchmarks have repetitions, another one has to have
  one.
"""

ComparedOrder = Literal[
    "UNSPECIFIED",
    "DIFFERENCE_DESC",
    "SAMPLE_ID",
]
"""The order of ListComparedSamples.

- ``UNSPECIFIED``: DIFFERENCE_DESC for REGRESSED and IMPROVED, else SAMPLE_ID.
- ``DIFFERENCE_DESC``: Largest ComparedSample.difference first; equal ones by sample_id.
- ``SAMPLE_ID``: By sample_id, by the code points of its characters.
"""

EvaluationOrder = Literal[
    "UNSPECIFIED",
    "CREATED_AT_DESC",
    "CREATED_AT_ASC",
    "SCORE_DESC",
    "SCORE_ASC",
    "METRIC_DESC",
    "METRIC_ASC",
]
"""The order of a list of evaluations. Ties are broken by id in the same direction.

- ``UNSPECIFIED``: Default: newest first, the same as CREATED_AT_DESC.
- ``CREATED_AT_DESC``: Newest first.
- ``CREATED_AT_ASC``: Oldest first.
- ``SCORE_DESC``: Highest score first. Evaluations without a score are left out.
- ``SCORE_ASC``: Lowest score first. Evaluations without a score are left out.
- ``METRIC_DESC``: Highest value of the request's metric first. Evaluations without one are left out.
- ``METRIC_ASC``: Lowest value of the request's metric first. Evaluations without one are left out.
"""

EvaluationView = Literal[
    "UNSPECIFIED",
    "BASIC",
    "FULL",
    "PREVIEW",
]
"""Which fields of an evaluation are returned.

- ``UNSPECIFIED``: Default: BASIC in ListEvaluations, FULL in ExportEvaluations.
- ``BASIC``: Every field but input, output, expected and metadata, which are left unset.
- ``FULL``: Every field.
- ``PREVIEW``: BASIC, with the first characters of input, output and expected, and how long each of them is.
"""

EvaluationOutcome = Literal[
    "UNSPECIFIED",
    "CREATED",
    "DUPLICATE",
    "CONFLICT",
    "REJECTED",
]
"""The outcome of one evaluation that was sent to be stored.

- ``UNSPECIFIED``: Never returned.
- ``CREATED``: Stored as a new row.
- ``DUPLICATE``: The same evaluation was stored before, with the same content; nothing changed.
- ``CONFLICT``: An evaluation with the same id or the same (benchmark_id, sample_id, repetition) is stored with other
  content, which stays.
- ``REJECTED``: Invalid and not stored; `field` and `reason` say why.
"""

JobField = Literal[
    "UNSPECIFIED",
    "JOB_TYPE",
    "LIMIT_KEY",
    "TAG",
]
"""A field whose values ListJobFieldValues lists.

- ``UNSPECIFIED``: Not allowed.
- ``JOB_TYPE``: Types of the jobs that there are.
- ``LIMIT_KEY``: Limit keys that have a limit, and those of jobs that have waited lately.
- ``TAG``: Tags of workers, and of jobs that have waited lately.
"""

JobStatus = Literal[
    "UNSPECIFIED",
    "PENDING",
    "RUNNING",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
]
"""The state of a job: pending, then running, then completed, failed or cancelled. A running job returns to
pending when it is retried, released or its lease expires.

- ``UNSPECIFIED``: Not given. In a filter: any status. Never returned for a job.
- ``PENDING``: Waiting to be claimed. With run_at in the future it is also called scheduled, and with waits_for above 0
  waiting.
- ``RUNNING``: Leased to a worker.
- ``COMPLETED``: Done; see Job.result. Final.
- ``FAILED``: Failed, with no retry left or not retryable; see Job.error. Final until RetryJob.
- ``CANCELLED``: Stopped by CancelJob or CancelJobs. Final until RetryJob.
"""

DependencyFailure = Literal[
    "UNSPECIFIED",
    "CANCEL",
    "RUN",
]
"""What becomes of a job when one that it depends on does not complete.

- ``UNSPECIFIED``: Default: CANCEL. Never returned for a job.
- ``CANCEL``: It is cancelled too, with an error that names the other, and so are the jobs that depend on it in turn.
- ``RUN``: It runs once all have ended, however they did.
"""

JobOrder = Literal[
    "UNSPECIFIED",
    "PRIORITY",
    "CREATED_AT",
    "ENDED_AT",
]
"""The order of a list of jobs.

- ``UNSPECIFIED``: Default: the same as CREATED_AT.
- ``PRIORITY``: The order in which jobs are claimed: highest priority first, then oldest first. Needs status PENDING; of
  the other filters only job_type and limit_key may be given. Scheduled jobs are left out until they are
  due, and jobs that wait for others until these have ended.
- ``CREATED_AT``: Newest first, ties broken by id. With an ended status (COMPLETED, FAILED, CANCELLED): the same as
  ENDED_AT.
- ``ENDED_AT``: The one that ended last first, ties broken by id. Needs an ended status.
"""

UniqueConflict = Literal[
    "UNSPECIFIED",
    "REFUSE",
    "RETURN_EXISTING",
    "REPLACE",
]
"""What the creation of a job does where another pending or running job of its type has its unique_key.

- ``UNSPECIFIED``: Default: REFUSE.
- ``REFUSE``: The creation fails with ALREADY_EXISTS, whose error names the other job.
- ``RETURN_EXISTING``: The other job is returned as it is.
- ``REPLACE``: The other job, if it is pending and the caller may change it, gets payload, priority, max_retries,
  timeout_seconds, required_tags, run_at or delay, limit_key and metadata of the new one, and is returned.
  It keeps its id, its age and the rest. Else the creation fails as with REFUSE.
"""

JobView = Literal[
    "UNSPECIFIED",
    "BASIC",
    "FULL",
]
"""Which fields of a job are returned.

- ``UNSPECIFIED``: Default: BASIC.
- ``BASIC``: Every field but payload, result, metadata and attempts, which are left unset.
- ``FULL``: Every field but attempts, which only GetJob returns.
"""

JobAttemptOutcome = Literal[
    "UNSPECIFIED",
    "COMPLETED",
    "FAILED",
    "EXPIRED",
    "TIMED_OUT",
    "RELEASED",
    "CANCELLED",
    "SNOOZED",
]
"""How an attempt ended.

- ``UNSPECIFIED``: The attempt is still running.
- ``COMPLETED``: Completed by the worker.
- ``FAILED``: Failed by the worker.
- ``EXPIRED``: The lease expired: the worker stopped renewing it.
- ``TIMED_OUT``: The attempt ran past the job's timeout_seconds.
- ``RELEASED``: Given back by the worker, or taken back when the worker deregistered. Costs no retry up to ten times.
- ``CANCELLED``: Cancelled while running.
- ``SNOOZED``: Given back by the worker for later. Costs no retry up to max_snoozes times.
"""

LeaseOutcome = Literal[
    "UNSPECIFIED",
    "OK",
    "STALE",
    "NOT_FOUND",
    "CANCELLED",
    "REJECTED",
]
"""The outcome of one item of CompleteJobs, FailJobs, ReleaseJobs or UpdateJobProgress.

- ``UNSPECIFIED``: Never returned.
- ``OK``: Done. Also returned for an item that repeats one that was done before.
- ``STALE``: Refused: the worker does not hold the job with this epoch, or no longer. Nothing changed; the worker
  should drop the job.
- ``NOT_FOUND``: Refused: there is no such job.
- ``CANCELLED``: Refused: the job was cancelled. Nothing changed; the worker should stop.
- ``REJECTED``: Refused: the item is invalid and can never be stored; `field` and `reason` say why. CompleteJobs has
  failed the job for good, FailJobs has ended the attempt; the worker should drop the job.
  UpdateJobProgress changed nothing, and an item whose job_id or epoch is invalid never does.
"""

UserRole = Literal[
    "UNSPECIFIED",
    "ADMIN",
    "USER",
    "VIEWER",
    "WORKER",
]
"""What a user may do.

- ``UNSPECIFIED``: Not given. On create: USER. In a filter: any role. Never returned.
- ``ADMIN``: Everything.
- ``USER``: May write its own benchmarks, jobs and API keys, and read the rest.
- ``VIEWER``: Reads only.
- ``WORKER``: For worker processes: may register, send heartbeats, claim and complete jobs, and write evaluations.
"""

WorkerStatus = Literal[
    "UNSPECIFIED",
    "IDLE",
    "BUSY",
    "DRAINING",
    "OFFLINE",
]
"""The state of a worker.

- ``UNSPECIFIED``: Not given. In a filter: any status. Never returned.
- ``IDLE``: Registered and running no job.
- ``BUSY``: Running at least one job; it may still have capacity left.
- ``DRAINING``: Finishing its jobs; it gets no new ones.
- ``OFFLINE``: Silent for 30 s. A heartbeat ends this state.
"""

HealthStatus = Literal[
    "UNSPECIFIED",
    "HEALTHY",
    "DEGRADED",
    "UNHEALTHY",
]
"""Health of a worker, or of all workers together.

- ``UNSPECIFIED``: Not known: there is nothing to judge. Never returned for a worker.
- ``HEALTHY``: A worker: heard from within the last 10 s. The cluster: every worker is HEALTHY, and the load is at most
  0.9.
- ``DEGRADED``: A worker: silent for 10 s. The cluster: a worker is DEGRADED, or the load is above 0.9.
- ``UNHEALTHY``: A worker: silent for 30 s (offline). The cluster: a worker is UNHEALTHY.
"""


class AuditLog(Message):
    """One entry of the audit log. Entries cannot be changed; only CleanupAuditLogs removes them."""

    __slots__ = (
        "id",
        "user_id",
        "api_key_id",
        "action",
        "entity_type",
        "entity_id",
        "changes",
        "ip_address",
        "user_agent",
        "request_id",
        "created_at",
        "sealed",
        "actor",
        "external",
    )
    _fields = (
        ("id", "id", "plain"),
        ("user_id", "userId", "plain"),
        ("api_key_id", "apiKeyId", "plain"),
        ("action", "action", "plain"),
        ("entity_type", "entityType", "plain"),
        ("entity_id", "entityId", "plain"),
        ("changes", "changes", "json"),
        ("ip_address", "ipAddress", "plain"),
        ("user_agent", "userAgent", "plain"),
        ("request_id", "requestId", "plain"),
        ("created_at", "createdAt", "timestamp"),
        ("sealed", "sealed", "plain"),
        ("actor", "actor", "plain"),
        ("external", "external", "plain"),
    )

    id: str
    """Identifier: a UUID, made by the service (UUIDv7) or given on create."""

    user_id: str
    """Id of the user who acted. Empty when the service itself did."""

    api_key_id: str
    """Id of the API key that was used. Empty with a session, or when the service itself acted."""

    action: str
    """The action, for example "create", "update" or "delete". 1 to 100 characters."""

    entity_type: str
    """Kind of the entity that was acted on, for example "benchmark". 1 to 100 characters."""

    entity_id: str
    """Id of the entity: a UUID, or another name such as a worker_id. At most 255 characters; empty when there
    is none.
    """

    changes: dict[str, Any]
    """The change. Entries made by the service have the former and the new values under "before" and "after";
    for an update only the values that changed. Secrets are replaced by "[redacted]", and values of more than
    2048 bytes, or nested more than 30 levels deep, by an object with their bytes and sha256.
    """

    ip_address: str
    """IP address of the caller, IPv4 or IPv6. Empty when unknown."""

    user_agent: str
    """User agent of the caller. Empty when unknown."""

    request_id: str
    """The request_id of the call that caused the entry or, if the request had none, the x-request-id of the
    call, as in the server's log. Empty when the service itself acted.
    """

    created_at: datetime
    """When it happened."""

    sealed: bool
    """True once the entry is part of the tamper-evident chain. Entries are sealed in the background, shortly
    after they are written.
    """

    actor: str
    """Name of the actor at that time: a username, the worker_id of an attempt, or "service" for the service
    itself. Empty when unknown.
    """

    external: bool
    """True for an entry that CreateAuditLog added: all that it says is the word of the user who acted. False
    for an entry of the service's own.
    """

    def __init__(
        self,
        *,
        id: str = "",
        user_id: str = "",
        api_key_id: str = "",
        action: str = "",
        entity_type: str = "",
        entity_id: str = "",
        changes: dict[str, Any] | None = None,
        ip_address: str = "",
        user_agent: str = "",
        request_id: str = "",
        created_at: datetime = EPOCH,
        sealed: bool = False,
        actor: str = "",
        external: bool = False,
    ) -> None:
        self.id = id
        self.user_id = user_id
        self.api_key_id = api_key_id
        self.action = action
        self.entity_type = entity_type
        self.entity_id = entity_id
        self.changes = {} if changes is None else changes
        self.ip_address = ip_address
        self.user_agent = user_agent
        self.request_id = request_id
        self.created_at = created_at
        self.sealed = sealed
        self.actor = actor
        self.external = external


class AuditChainHead(Message):
    """A point of the tamper-evident chain. Kept outside the service, it proves later that nothing before it was
    altered or removed.
    """

    __slots__ = (
        "sequence",
        "seal",
        "sealed_at",
    )
    _fields = (
        ("sequence", "sequence", "int64"),
        ("seal", "seal", "plain"),
        ("sealed_at", "sealedAt", "timestamp"),
    )

    sequence: int
    """Position in the chain, from 1. If there are many entries, one position seals about 1000."""

    seal: str
    """Seal of the chain up to this position: HMAC-SHA-256 in lower-case hexadecimal."""

    sealed_at: datetime | None
    """When the seal was made."""

    def __init__(
        self,
        *,
        sequence: int = 0,
        seal: str = "",
        sealed_at: datetime | None = None,
    ) -> None:
        self.sequence = sequence
        self.seal = seal
        self.sealed_at = sealed_at


class AuditChainBreak(Message):
    """A place where the chain does not hold."""

    __slots__ = (
        "sequence",
        "entry_id",
        "reason",
    )
    _fields = (
        ("sequence", "sequence", "int64"),
        ("entry_id", "entryId", "plain"),
        ("reason", "reason", "plain"),
    )

    sequence: int
    """Position in the chain, from 1, of the seal that is wrong or that has the entry. 0 for an entry that is in
    no seal.
    """

    entry_id: str
    """Id of the entry that is altered, missing or inserted. Empty when a seal itself is wrong."""

    reason: str
    """What is wrong, in words: the entry is missing, altered or inserted; the seal is missing or does not hold;
    the end was cut off.
    """

    def __init__(
        self,
        *,
        sequence: int = 0,
        entry_id: str = "",
        reason: str = "",
    ) -> None:
        self.sequence = sequence
        self.entry_id = entry_id
        self.reason = reason


class AuditVerification(Message):
    """What the trail tells of a verification by VerifyAuditLog."""

    __slots__ = (
        "verified_at",
        "user_id",
        "valid",
        "entries_checked",
        "from_",
        "to",
        "reason",
    )
    _fields = (
        ("verified_at", "verifiedAt", "timestamp"),
        ("user_id", "userId", "plain"),
        ("valid", "valid", "plain"),
        ("entries_checked", "entriesChecked", "int64"),
        ("from_", "from", "timestamp"),
        ("to", "to", "timestamp"),
        ("reason", "reason", "plain"),
    )

    verified_at: datetime
    """When it ended."""

    user_id: str
    """Id of the user who asked for it. Empty when unknown."""

    valid: bool
    """True when the chain held over the whole range."""

    entries_checked: int
    """Number of sealed entries checked."""

    from_: datetime | None
    """`from` of its request. Unset: from the first entry."""

    to: datetime | None
    """`to` of its request. Unset: to the last entry."""

    reason: str
    """What was wrong, in words. Empty when the chain held."""

    def __init__(
        self,
        *,
        verified_at: datetime = EPOCH,
        user_id: str = "",
        valid: bool = False,
        entries_checked: int = 0,
        from_: datetime | None = None,
        to: datetime | None = None,
        reason: str = "",
    ) -> None:
        self.verified_at = verified_at
        self.user_id = user_id
        self.valid = valid
        self.entries_checked = entries_checked
        self.from_ = from_
        self.to = to
        self.reason = reason


class CreateAuditLogResponse(Message):
    """Response of CreateAuditLog."""

    __slots__ = (
        "audit_log",
    )
    _fields = (
        ("audit_log", "auditLog", "message AuditLog"),
    )

    audit_log: AuditLog
    """The entry as stored."""

    def __init__(
        self,
        *,
        audit_log: AuditLog | None = None,
    ) -> None:
        self.audit_log = AuditLog() if audit_log is None else audit_log


class GetAuditLogResponse(Message):
    """Response of GetAuditLog."""

    __slots__ = (
        "audit_log",
    )
    _fields = (
        ("audit_log", "auditLog", "message AuditLog"),
    )

    audit_log: AuditLog
    """The entry."""

    def __init__(
        self,
        *,
        audit_log: AuditLog | None = None,
    ) -> None:
        self.audit_log = AuditLog() if audit_log is None else audit_log


class ListAuditLogsResponse(Message):
    """Response of ListAuditLogs."""

    __slots__ = (
        "audit_logs",
        "next_page_token",
    )
    _fields = (
        ("audit_logs", "auditLogs", "list message AuditLog"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    audit_logs: list[AuditLog]
    """One page of entries, newest first."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        audit_logs: list[AuditLog] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.audit_logs = [] if audit_logs is None else audit_logs
        self.next_page_token = next_page_token


class ExportAuditLogsResponse(Message):
    """One chunk of an export."""

    __slots__ = (
        "audit_logs",
        "next_page_token",
    )
    _fields = (
        ("audit_logs", "auditLogs", "list message AuditLog"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    audit_logs: list[AuditLog]
    """The next entries, oldest first. Chunks hold at most 1000 entries or about 1 MiB."""

    next_page_token: str
    """Token to resume the export after this chunk. Empty on the last."""

    def __init__(
        self,
        *,
        audit_logs: list[AuditLog] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.audit_logs = [] if audit_logs is None else audit_logs
        self.next_page_token = next_page_token


class GetAuditStatusResponse(Message):
    """Response of GetAuditStatus."""

    __slots__ = (
        "head",
        "seal_lag",
        "entries_unsealed",
        "last_verification",
    )
    _fields = (
        ("head", "head", "message AuditChainHead"),
        ("seal_lag", "sealLag", "duration"),
        ("entries_unsealed", "entriesUnsealed", "int64"),
        ("last_verification", "lastVerification", "message AuditVerification"),
    )

    head: AuditChainHead | None
    """End of the chain as it is, unverified. Unset while nothing is sealed."""

    seal_lag: timedelta
    """How long the entry has waited for its seal that waits the longest; 0 s when none waits. It is seconds
    while servers keep up, and grows without one that has the key.
    """

    entries_unsealed: int
    """Number of entries that wait to be sealed. Counted are those of the 100,000 changes that wait the longest."""

    last_verification: AuditVerification | None
    """The last verification that came to an end. Unset if the trail has none."""

    def __init__(
        self,
        *,
        head: AuditChainHead | None = None,
        seal_lag: timedelta | None = None,
        entries_unsealed: int = 0,
        last_verification: AuditVerification | None = None,
    ) -> None:
        self.head = head
        self.seal_lag = timedelta() if seal_lag is None else seal_lag
        self.entries_unsealed = entries_unsealed
        self.last_verification = last_verification


class VerifyAuditLogResponse(Message):
    """Response of VerifyAuditLog."""

    __slots__ = (
        "valid",
        "entries_checked",
        "entries_removed",
        "entries_unsealed",
        "first_broken",
        "heads",
    )
    _fields = (
        ("valid", "valid", "plain"),
        ("entries_checked", "entriesChecked", "int64"),
        ("entries_removed", "entriesRemoved", "int64"),
        ("entries_unsealed", "entriesUnsealed", "int64"),
        ("first_broken", "firstBroken", "message AuditChainBreak"),
        ("heads", "heads", "list message AuditChainHead"),
    )

    valid: bool
    """True when the chain holds over the whole range and contains every head of known_heads."""

    entries_checked: int
    """Number of sealed entries checked."""

    entries_removed: int
    """Number of entries in the range that CleanupAuditLogs removed, so that only their seals could be checked."""

    entries_unsealed: int
    """Number of entries that wait to be sealed and so could not be checked."""

    first_broken: AuditChainBreak | None
    """First place where the chain does not hold. Unset when it holds."""

    heads: list[AuditChainHead]
    """Head of the chain at the end of the range, to be kept outside the service. None if the chain does not
    hold.
    """

    def __init__(
        self,
        *,
        valid: bool = False,
        entries_checked: int = 0,
        entries_removed: int = 0,
        entries_unsealed: int = 0,
        first_broken: AuditChainBreak | None = None,
        heads: list[AuditChainHead] | None = None,
    ) -> None:
        self.valid = valid
        self.entries_checked = entries_checked
        self.entries_removed = entries_removed
        self.entries_unsealed = entries_unsealed
        self.first_broken = first_broken
        self.heads = [] if heads is None else heads


class CleanupAuditLogsResponse(Message):
    """Response of CleanupAuditLogs."""

    __slots__ = (
        "deleted",
        "more",
    )
    _fields = (
        ("deleted", "deleted", "int64"),
        ("more", "more", "plain"),
    )

    deleted: int
    """Number of entries removed."""

    more: bool
    """True when the call ended before all old entries were removed: call again."""

    def __init__(
        self,
        *,
        deleted: int = 0,
        more: bool = False,
    ) -> None:
        self.deleted = deleted
        self.more = more


class Dataset(Message):
    """A dataset that benchmarks are on."""

    __slots__ = (
        "dataset",
        "benchmark_count",
        "latest_benchmark_id",
        "latest_benchmark_name",
        "latest_created_at",
        "metrics",
    )
    _fields = (
        ("dataset", "dataset", "plain"),
        ("benchmark_count", "benchmarkCount", "int32"),
        ("latest_benchmark_id", "latestBenchmarkId", "plain"),
        ("latest_benchmark_name", "latestBenchmarkName", "plain"),
        ("latest_created_at", "latestCreatedAt", "timestamp"),
        ("metrics", "metrics", "list plain"),
    )

    dataset: str
    """Name of the dataset."""

    benchmark_count: int
    """Number of benchmarks on it. No more than 10000 are counted."""

    latest_benchmark_id: str
    """Id of the latest of them."""

    latest_benchmark_name: str
    """Name of the latest."""

    latest_created_at: datetime
    """When the latest was created."""

    metrics: list[str]
    """Metrics that they have values of, as in MetricSummary.name: the built-in ones first, then the others by
    name; at most 100. One that came within the last second or so may be missing.
    """

    def __init__(
        self,
        *,
        dataset: str = "",
        benchmark_count: int = 0,
        latest_benchmark_id: str = "",
        latest_benchmark_name: str = "",
        latest_created_at: datetime = EPOCH,
        metrics: list[str] | None = None,
    ) -> None:
        self.dataset = dataset
        self.benchmark_count = benchmark_count
        self.latest_benchmark_id = latest_benchmark_id
        self.latest_benchmark_name = latest_benchmark_name
        self.latest_created_at = latest_created_at
        self.metrics = [] if metrics is None else metrics


class Benchmark(Message):
    """One run of one model on one dataset."""

    __slots__ = (
        "id",
        "name",
        "description",
        "provider",
        "model",
        "dataset",
        "status",
        "total_iterations",
        "completed_iterations",
        "failed_iterations",
        "results",
        "metrics",
        "error",
        "started_at",
        "completed_at",
        "created_at",
        "updated_at",
        "created_by",
        "labels",
        "metadata",
        "version",
        "repetitions",
        "planned_samples",
        "summary",
    )
    _fields = (
        ("id", "id", "plain"),
        ("name", "name", "plain"),
        ("description", "description", "plain"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("dataset", "dataset", "plain"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("total_iterations", "totalIterations", "int32"),
        ("completed_iterations", "completedIterations", "int32"),
        ("failed_iterations", "failedIterations", "int32"),
        ("results", "results", "document"),
        ("metrics", "metrics", "document"),
        ("error", "error", "plain"),
        ("started_at", "startedAt", "timestamp"),
        ("completed_at", "completedAt", "timestamp"),
        ("created_at", "createdAt", "timestamp"),
        ("updated_at", "updatedAt", "timestamp"),
        ("created_by", "createdBy", "plain"),
        ("labels", "labels", "plain"),
        ("metadata", "metadata", "document"),
        ("version", "version", "int32"),
        ("repetitions", "repetitions", "int32"),
        ("planned_samples", "plannedSamples", "int32"),
        ("summary", "summary", "message BriefSummary"),
    )

    id: str
    """Identifier: a UUID, made by the service (UUIDv7) or given on create."""

    name: str
    """Human-readable name, 1 to 255 characters. Not unique."""

    description: str
    """Free text, at most 64 KiB. Not returned in the BASIC view."""

    provider: str
    """Provider of the model, for example "openai". 1 to 100 characters."""

    model: str
    """Model under test, for example "gpt-4". 1 to 255 characters."""

    dataset: str
    """Dataset the model is run on, for example "mmlu". 1 to 255 characters."""

    status: BenchmarkStatus
    """Current state."""

    total_iterations: int
    """Planned number of evaluations; 0 when unknown."""

    completed_iterations: int
    """Number of evaluations stored without an error. Counted by the service in the transaction that writes
    them, or set by UpdateBenchmark.
    """

    failed_iterations: int
    """Number of evaluations stored with an error. Counted like completed_iterations."""

    results: Any
    """Results in the client's own form: any JSON, at most 1 MiB encoded. Not returned in the BASIC view."""

    metrics: dict[str, Any]
    """Aggregate metrics reported by the client, at most 1 MiB encoded. Those computed by the service are in
    GetBenchmarkSummary.
    """

    error: str
    """Error of the benchmark, at most 64 KiB. Empty when there is none."""

    started_at: datetime | None
    """When the benchmark entered RUNNING. Unset if it never did and no time was given."""

    completed_at: datetime | None
    """When the benchmark entered a final status. Unset until then."""

    created_at: datetime
    """When the benchmark was created."""

    updated_at: datetime
    """When the benchmark was last changed by an update. Evaluations that change the counts do not move it."""

    created_by: str
    """Id of the user who created it. Empty when unknown."""

    labels: dict[str, str]
    """Labels to filter by: at most 64 entries, keys of 1 to 63 characters, values of at most 255."""

    metadata: dict[str, Any]
    """Additional data of the client, at most 1 MiB encoded. Not returned in the BASIC view."""

    version: int
    """Revision for optimistic concurrency: 1 on create, one more with each update. Counts do not move it."""

    repetitions: int
    """Number of evaluations that each sample is to have; 0 when not declared."""

    planned_samples: int
    """Number of samples that there are to be; 0 when not declared."""

    summary: BriefSummary | None
    """Figures over its evaluations. Set in the SUMMARY view alone, and unset there while its aggregates are
    still to be computed, as after a restore of a backup, and when it has just turned out to have
    repetitions.
    """

    def __init__(
        self,
        *,
        id: str = "",
        name: str = "",
        description: str = "",
        provider: str = "",
        model: str = "",
        dataset: str = "",
        status: BenchmarkStatus = "UNSPECIFIED",
        total_iterations: int = 0,
        completed_iterations: int = 0,
        failed_iterations: int = 0,
        results: Any = None,
        metrics: dict[str, Any] | None = None,
        error: str = "",
        started_at: datetime | None = None,
        completed_at: datetime | None = None,
        created_at: datetime = EPOCH,
        updated_at: datetime = EPOCH,
        created_by: str = "",
        labels: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
        version: int = 0,
        repetitions: int = 0,
        planned_samples: int = 0,
        summary: BriefSummary | None = None,
    ) -> None:
        self.id = id
        self.name = name
        self.description = description
        self.provider = provider
        self.model = model
        self.dataset = dataset
        self.status = status
        self.total_iterations = total_iterations
        self.completed_iterations = completed_iterations
        self.failed_iterations = failed_iterations
        self.results = results
        self.metrics = {} if metrics is None else metrics
        self.error = error
        self.started_at = started_at
        self.completed_at = completed_at
        self.created_at = created_at
        self.updated_at = updated_at
        self.created_by = created_by
        self.labels = {} if labels is None else labels
        self.metadata = {} if metadata is None else metadata
        self.version = version
        self.repetitions = repetitions
        self.planned_samples = planned_samples
        self.summary = summary


class BriefSummary(Message):
    """What a list of benchmarks tells of the evaluations of each, as in GetBenchmarkSummaryResponse."""

    __slots__ = (
        "evaluation_count",
        "failed_count",
        "sample_count",
        "score",
        "input_tokens",
        "output_tokens",
        "cost_usd",
    )
    _fields = (
        ("evaluation_count", "evaluationCount", "int32"),
        ("failed_count", "failedCount", "int32"),
        ("sample_count", "sampleCount", "int32"),
        ("score", "score", "message MetricSummary"),
        ("input_tokens", "inputTokens", "int64"),
        ("output_tokens", "outputTokens", "int64"),
        ("cost_usd", "costUsd", "double"),
    )

    evaluation_count: int
    """Number of evaluations, failed ones included."""

    failed_count: int
    """Number of evaluations with an error."""

    sample_count: int
    """Number of samples."""

    score: MetricSummary
    """The score: n, mean, interval and all else, by the mean of repetitions."""

    input_tokens: int | None
    """Sum of the input tokens. Unset where no evaluation tells any."""

    output_tokens: int | None
    """Sum of the output tokens. Unset where no evaluation tells any."""

    cost_usd: float | None
    """Sum of the costs in US dollars. Unset where no evaluation tells any."""

    def __init__(
        self,
        *,
        evaluation_count: int = 0,
        failed_count: int = 0,
        sample_count: int = 0,
        score: MetricSummary | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: float | None = None,
    ) -> None:
        self.evaluation_count = evaluation_count
        self.failed_count = failed_count
        self.sample_count = sample_count
        self.score = MetricSummary() if score is None else score
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost_usd = cost_usd


class Coverage(Message):
    """How many of the samples of a benchmark have a value of a metric. Evaluations without a sample_id are
    samples of their own. tried = scored + failed + unscored. A metric of one split of a dataset, which is
    named "METRIC/train", "METRIC/valid" or "METRIC/test" with or without more after it, counts no samples that
    have a value of the same METRIC, or of any, in another split, unless the splits have samples in common.
    """

    __slots__ = (
        "planned",
        "tried",
        "scored",
        "failed",
        "unscored",
        "scored_with_error",
        "missing",
    )
    _fields = (
        ("planned", "planned", "int32"),
        ("tried", "tried", "int32"),
        ("scored", "scored", "int32"),
        ("failed", "failed", "int32"),
        ("unscored", "unscored", "int32"),
        ("scored_with_error", "scoredWithError", "int32"),
        ("missing", "missing", "int32"),
    )

    planned: int | None
    """Number of samples that there were to be: Benchmark.planned_samples or, if that is 0,
    Benchmark.total_iterations divided by Benchmark.repetitions. Unset if those are not declared either.
    """

    tried: int
    """Number of samples with an evaluation."""

    scored: int
    """Number of samples with a value of the metric after the reduction of repetitions."""

    failed: int
    """Samples without such a value of which an evaluation has an error."""

    unscored: int
    """Samples without such a value and without an error."""

    scored_with_error: int
    """Samples with such a value of which an evaluation has an error. They are among those scored."""

    missing: int
    """Number of samples that lack a value: the larger of planned and tried, less scored. 0: it is complete."""

    def __init__(
        self,
        *,
        planned: int | None = None,
        tried: int = 0,
        scored: int = 0,
        failed: int = 0,
        unscored: int = 0,
        scored_with_error: int = 0,
        missing: int = 0,
    ) -> None:
        self.planned = planned
        self.tried = tried
        self.scored = scored
        self.failed = failed
        self.unscored = unscored
        self.scored_with_error = scored_with_error
        self.missing = missing


class Bounds(Message):
    """What the mean over all samples may be, whatever value is in place of what is missing; see Missing."""

    __slots__ = (
        "low",
        "high",
        "ci95_low",
        "ci95_high",
    )
    _fields = (
        ("low", "low", "double"),
        ("high", "high", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
    )

    low: float
    """The least mean: all of what is missing has the least value of the range. By MODE the repetitions of a
    sample have the one value that makes its mode the least.
    """

    high: float
    """The greatest mean, likewise."""

    ci95_low: float | None
    """Lower end of the 95 % confidence interval of the least mean. Unset where the values determine none."""

    ci95_high: float | None
    """Upper end of the 95 % confidence interval of the greatest mean. Unset where the values determine none."""

    def __init__(
        self,
        *,
        low: float = 0.0,
        high: float = 0.0,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
    ) -> None:
        self.low = low
        self.high = high
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high


class Repetitions(Message):
    """How often the samples of a metric were repeated, and how much their repetitions agree."""

    __slots__ = (
        "least",
        "most",
        "samples_lacking",
        "agreement",
        "samples_beyond",
    )
    _fields = (
        ("least", "least", "int32"),
        ("most", "most", "int32"),
        ("samples_lacking", "samplesLacking", "int32"),
        ("agreement", "agreement", "double"),
        ("samples_beyond", "samplesBeyond", "int32"),
    )

    least: int
    """Least number of values that a sample with any has."""

    most: int
    """Greatest number of values that a sample has."""

    samples_lacking: int
    """Samples of the benchmark with fewer values than Benchmark.repetitions or, if that is 0, than the sample
    with the most evaluations has. Failed repetitions have no score, so they count here.
    """

    agreement: float | None
    """Share of the samples with two values or more in which all of them are the same. Unset if none has two."""

    samples_beyond: int
    """Samples of the benchmark, in a comparison pairs, with more evaluations than Benchmark.repetitions or, if
    that is 0, than the one with the fewest has. Failed evaluations count too, so that a sample which was
    tried again after a failure is among them.
    """

    def __init__(
        self,
        *,
        least: int = 0,
        most: int = 0,
        samples_lacking: int = 0,
        agreement: float | None = None,
        samples_beyond: int = 0,
    ) -> None:
        self.least = least
        self.most = most
        self.samples_lacking = samples_lacking
        self.agreement = agreement
        self.samples_beyond = samples_beyond


class Clusters(Message):
    """The clusters behind a figure. Samples with the same value of the metadata key `cluster_by`, such as
    questions on one text, are no independent evidence. The standard error of their mean is CR1, the sandwich
    with the factor G/(G - 1) for G clusters, and its t distribution has G - 1 degrees of freedom, as with
    cov_type="cluster" of statsmodels (Liang and Zeger 1986; Miller, arXiv:2411.00640). With fewer than 10
    clusters, intervals cover the truth less often than they say.
    """

    __slots__ = (
        "count",
        "largest",
        "samples_unnamed",
        "samples_mixed",
        "independent_stderr",
    )
    _fields = (
        ("count", "count", "int32"),
        ("largest", "largest", "int32"),
        ("samples_unnamed", "samplesUnnamed", "int32"),
        ("samples_mixed", "samplesMixed", "int32"),
        ("independent_stderr", "independentStderr", "double"),
    )

    count: int
    """Number of clusters (G), those of one sample included. With 1 there is no error and no interval: how one
    cluster differs from others cannot be told.
    """

    largest: int
    """Number of samples in the largest."""

    samples_unnamed: int
    """Samples that name no cluster: without the key, or with null or an empty text. Each is one of its own."""

    samples_mixed: int
    """Samples whose repetitions, or whose two sides of a comparison, name several clusters. They are in that
    which the first repetition names, and the baseline before the candidate.
    """

    independent_stderr: float | None
    """The standard error that independent samples would have: stddev / sqrt(n). Unset below two samples."""

    def __init__(
        self,
        *,
        count: int = 0,
        largest: int = 0,
        samples_unnamed: int = 0,
        samples_mixed: int = 0,
        independent_stderr: float | None = None,
    ) -> None:
        self.count = count
        self.largest = largest
        self.samples_unnamed = samples_unnamed
        self.samples_mixed = samples_mixed
        self.independent_stderr = independent_stderr


class MetricSummary(Message):
    """Statistics of one metric over the evaluations of a benchmark that have a value for it. If the benchmark has
    repetitions, then mean, stddev, stderr and the interval are over its samples, each reduced to one value,
    and n is `samples`.
    """

    __slots__ = (
        "name",
        "count",
        "mean",
        "stddev",
        "stderr",
        "ci95_low",
        "ci95_high",
        "min",
        "p50",
        "p90",
        "p95",
        "p99",
        "max",
        "sum",
        "interval_method",
        "samples",
        "samples_unscored",
        "repetitions",
        "coverage",
        "missing",
        "filled_with",
        "bounds",
        "clusters",
    )
    _fields = (
        ("name", "name", "plain"),
        ("count", "count", "int32"),
        ("mean", "mean", "double"),
        ("stddev", "stddev", "double"),
        ("stderr", "stderr", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
        ("min", "min", "double"),
        ("p50", "p50", "double"),
        ("p90", "p90", "double"),
        ("p95", "p95", "double"),
        ("p99", "p99", "double"),
        ("max", "max", "double"),
        ("sum", "sum", "double"),
        ("interval_method", "intervalMethod", "enum INTERVAL_METHOD_"),
        ("samples", "samples", "int32"),
        ("samples_unscored", "samplesUnscored", "int32"),
        ("repetitions", "repetitions", "message Repetitions"),
        ("coverage", "coverage", "message Coverage"),
        ("missing", "missing", "enum MISSING_"),
        ("filled_with", "filledWith", "double"),
        ("bounds", "bounds", "message Bounds"),
        ("clusters", "clusters", "message Clusters"),
    )

    name: str
    """Name of the metric: "score", "latency_ms" (milliseconds), "input_tokens", "output_tokens", "cost_usd" (US
    dollars), or a key of Evaluation.metrics. A key that equals one of those five, or begins with "metrics.",
    is named "metrics.<key>". Booleans count as 0 and 1. Values that are neither numbers nor booleans are
    left out, and so are those beyond 1e150, whose squares overflow a double.
    """

    count: int
    """Number of evaluations with a value. 0 for a metric that was asked for and has none."""

    mean: float | None
    """Arithmetic mean, never below min or above max. Unset when n is 0."""

    stddev: float | None
    """Sample standard deviation (divisor n - 1). Unset when n is below 2."""

    stderr: float | None
    """Standard error of the mean: stddev / sqrt(n), or by clusters. Unset when n or their number is below 2."""

    ci95_low: float | None
    """Lower bound of the 95 % confidence interval of the mean, by interval_method, cut where no value of the
    metric can be. Unset when n is below 2, and when all values are the same but not 0 or 1: such values tell
    no spread.
    """

    ci95_high: float | None
    """Upper bound of the 95 % confidence interval of the mean, like ci95_low."""

    min: float | None
    """Smallest value, or filled_with where that is smaller. Unset without either."""

    p50: float | None
    """50th percentile (median), by linear interpolation as PostgreSQL's percentile_cont. Unset when count is
    0, and where filled_with is set: it is of values alone.
    """

    p90: float | None
    """90th percentile, computed like p50. Unset as that."""

    p95: float | None
    """95th percentile, computed like p50. Unset as that."""

    p99: float | None
    """99th percentile, computed like p50. Unset as that."""

    max: float | None
    """Largest value, or filled_with where that is larger. Unset without either."""

    sum: float
    """Sum of the values; 0 when count is 0."""

    interval_method: IntervalMethod
    """How ci95_low and ci95_high were computed."""

    samples: int
    """Number of samples (n) that have a value after reduction, with those that count as filled_with. Without
    repetitions each evaluation is a sample.
    """

    samples_unscored: int
    """Samples with values of which the reducer makes none; see Reducer."""

    repetitions: Repetitions | None
    """Unset if the benchmark has no repetitions."""

    coverage: Coverage
    """How many of the samples have a value."""

    missing: Missing
    """What was done with those that have none. EXCLUDE also where the request names no metrics and the range of
    this one is not known.
    """

    filled_with: float | None
    """The value that each missing sample and repetition counts as in n, mean, stddev, stderr, interval, min and
    max, which are then over all samples. Unset unless `missing` is AS_WORST and something is missing.
    """

    bounds: Bounds | None
    """Unset unless `missing` is BOUNDS."""

    clusters: Clusters | None
    """Unset unless the request has cluster_by. stderr and the interval are then clustered."""

    def __init__(
        self,
        *,
        name: str = "",
        count: int = 0,
        mean: float | None = None,
        stddev: float | None = None,
        stderr: float | None = None,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
        min: float | None = None,
        p50: float | None = None,
        p90: float | None = None,
        p95: float | None = None,
        p99: float | None = None,
        max: float | None = None,
        sum: float = 0.0,
        interval_method: IntervalMethod = "UNSPECIFIED",
        samples: int = 0,
        samples_unscored: int = 0,
        repetitions: Repetitions | None = None,
        coverage: Coverage | None = None,
        missing: Missing = "UNSPECIFIED",
        filled_with: float | None = None,
        bounds: Bounds | None = None,
        clusters: Clusters | None = None,
    ) -> None:
        self.name = name
        self.count = count
        self.mean = mean
        self.stddev = stddev
        self.stderr = stderr
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high
        self.min = min
        self.p50 = p50
        self.p90 = p90
        self.p95 = p95
        self.p99 = p99
        self.max = max
        self.sum = sum
        self.interval_method = interval_method
        self.samples = samples
        self.samples_unscored = samples_unscored
        self.repetitions = repetitions
        self.coverage = Coverage() if coverage is None else coverage
        self.missing = missing
        self.filled_with = filled_with
        self.bounds = bounds
        self.clusters = clusters


class MetricHistogram(Message):
    """How the values of a metric are spread in one benchmark."""

    __slots__ = (
        "benchmark_id",
        "count",
        "counts",
        "value_counts",
    )
    _fields = (
        ("benchmark_id", "benchmarkId", "plain"),
        ("count", "count", "int32"),
        ("counts", "counts", "list int32"),
        ("value_counts", "valueCounts", "list int32"),
    )

    benchmark_id: str
    """Id of the benchmark."""

    count: int
    """Number of evaluations with a value. Each repetition of a sample counts."""

    counts: list[int]
    """Number of values in each bin."""

    value_counts: list[int]
    """Number of evaluations that have each of GetMetricHistogramResponse.values."""

    def __init__(
        self,
        *,
        benchmark_id: str = "",
        count: int = 0,
        counts: list[int] | None = None,
        value_counts: list[int] | None = None,
    ) -> None:
        self.benchmark_id = benchmark_id
        self.count = count
        self.counts = [] if counts is None else counts
        self.value_counts = [] if value_counts is None else value_counts


class MetricSlices(Message):
    """Statistics of a metric over groups of the evaluations of a benchmark."""

    __slots__ = (
        "metric",
        "slices",
        "slices_left_out",
        "left_out",
        "macro_mean",
        "macro_stderr",
        "macro_slices",
    )
    _fields = (
        ("metric", "metric", "plain"),
        ("slices", "slices", "list message MetricSlice"),
        ("slices_left_out", "slicesLeftOut", "int32"),
        ("left_out", "leftOut", "list plain"),
        ("macro_mean", "macroMean", "double"),
        ("macro_stderr", "macroStderr", "double"),
        ("macro_slices", "macroSlices", "int32"),
    )

    metric: str
    """Name of the metric, as in MetricSummary.name."""

    slices: list[MetricSlice]
    """The groups in the order of their values, numbers by their size; last that of the evaluations without the
    key. If there are more than 200, those with the most samples.
    """

    slices_left_out: int
    """Number of further groups."""

    left_out: list[str]
    """Values of the further groups, those with the most samples first; at most 1000."""

    macro_mean: float | None
    """Mean of the means of all groups that have the key and a value, each with the same weight (macro average,
    as MMLU is reported), those left out included. Unset if there is no such group.
    """

    macro_stderr: float | None
    """Standard error of macro_mean: the root of the sum of the squared standard errors of the groups' means, by
    the number of groups, which are not taken for a sample of others. Unset if one of them has one value.
    """

    macro_slices: int
    """Number of groups in macro_mean."""

    def __init__(
        self,
        *,
        metric: str = "",
        slices: list[MetricSlice] | None = None,
        slices_left_out: int = 0,
        left_out: list[str] | None = None,
        macro_mean: float | None = None,
        macro_stderr: float | None = None,
        macro_slices: int = 0,
    ) -> None:
        self.metric = metric
        self.slices = [] if slices is None else slices
        self.slices_left_out = slices_left_out
        self.left_out = [] if left_out is None else left_out
        self.macro_mean = macro_mean
        self.macro_stderr = macro_stderr
        self.macro_slices = macro_slices


class MetricSlice(Message):
    """Statistics of a metric over one group of evaluations."""

    __slots__ = (
        "value",
        "tried",
        "samples",
        "mean",
        "stddev",
        "stderr",
        "ci95_low",
        "ci95_high",
        "interval_method",
    )
    _fields = (
        ("value", "value", "plain"),
        ("tried", "tried", "int32"),
        ("samples", "samples", "int32"),
        ("mean", "mean", "double"),
        ("stddev", "stddev", "double"),
        ("stderr", "stderr", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
        ("interval_method", "intervalMethod", "enum INTERVAL_METHOD_"),
    )

    value: str | None
    """The value of the key. Numbers, booleans, objects and lists are their JSON, so that 1, 1.0 and "1" are one
    group. A text of more than 200 characters is cut, and its length and a hash follow. Unset in the group of
    the evaluations without the key, or with null there.
    """

    tried: int
    """Number of samples with an evaluation in this group."""

    samples: int
    """Number of these with a value of the metric after reduction (n)."""

    mean: float | None
    """Mean over the samples. Unset when `samples` is 0."""

    stddev: float | None
    """Sample standard deviation (divisor n - 1). Unset when `samples` is below 2."""

    stderr: float | None
    """Standard error of the mean. Unset when `samples` is below 2."""

    ci95_low: float | None
    """Lower bound of the 95 % confidence interval of the mean, as in MetricSummary."""

    ci95_high: float | None
    """Upper bound of the same."""

    interval_method: IntervalMethod
    """How ci95_low and ci95_high were computed."""

    def __init__(
        self,
        *,
        value: str | None = None,
        tried: int = 0,
        samples: int = 0,
        mean: float | None = None,
        stddev: float | None = None,
        stderr: float | None = None,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
        interval_method: IntervalMethod = "UNSPECIFIED",
    ) -> None:
        self.value = value
        self.tried = tried
        self.samples = samples
        self.mean = mean
        self.stddev = stddev
        self.stderr = stderr
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high
        self.interval_method = interval_method


class CategoryCounts(Message):
    """How often evaluations of a benchmark have each category of a metric. A category is a text of 1 to 100
    characters as the value of a key of Evaluation.metrics.
    """

    __slots__ = (
        "name",
        "count",
        "values",
    )
    _fields = (
        ("name", "name", "plain"),
        ("count", "count", "int32"),
        ("values", "values", "list message CategoryCount"),
    )

    name: str
    """Name of the metric, as in MetricSummary.name."""

    count: int
    """Number of evaluations with a text as the value, those of longer texts and of rarer categories included."""

    values: list[CategoryCount]
    """The 50 most frequent categories, most frequent first, then by value."""

    def __init__(
        self,
        *,
        name: str = "",
        count: int = 0,
        values: list[CategoryCount] | None = None,
    ) -> None:
        self.name = name
        self.count = count
        self.values = [] if values is None else values


class CategoryCount(Message):
    """How often a metric has one category."""

    __slots__ = (
        "value",
        "count",
    )
    _fields = (
        ("value", "value", "plain"),
        ("count", "count", "int32"),
    )

    value: str
    """The category."""

    count: int
    """Number of evaluations with it."""

    def __init__(
        self,
        *,
        value: str = "",
        count: int = 0,
    ) -> None:
        self.value = value
        self.count = count


class BenchmarkComparison(Message):
    """A candidate benchmark compared with the baseline, paired by sample_id. Repetitions of a sample become one
    value first; see Reducer. A difference is the candidate's value minus the baseline's.
    """

    __slots__ = (
        "candidate_id",
        "n_paired",
        "baseline_unpaired",
        "candidate_unpaired",
        "baseline_mean",
        "candidate_mean",
        "mean_difference",
        "stderr",
        "ci95_low",
        "ci95_high",
        "bootstrap_ci95_low",
        "bootstrap_ci95_high",
        "test",
        "p_value",
        "adjusted_p_value",
        "mcnemar_p_value",
        "wilcoxon_p_value",
        "paired_t_p_value",
        "effect_size",
        "wins",
        "losses",
        "ties",
        "regressed",
        "improved",
        "baseline_ci95_low",
        "baseline_ci95_high",
        "candidate_ci95_low",
        "candidate_ci95_high",
        "ci90_low",
        "ci90_high",
        "detectable_difference",
        "pairs_needed",
        "no_worse_p_value",
        "equivalence_p_value",
        "different_inputs",
        "baseline_repetitions",
        "candidate_repetitions",
        "clusters",
        "slices",
        "baseline_coverage",
        "candidate_coverage",
        "candidate_filled",
        "bounds",
        "candidate_short",
        "rank_biserial",
        "adjusted_paired_t_p_value",
        "baseline_with_error",
        "candidate_with_error",
        "mean_difference_without_error",
        "margin_test",
        "margin_range_low",
        "margin_range_high",
        "without_failed",
    )
    _fields = (
        ("candidate_id", "candidateId", "plain"),
        ("n_paired", "nPaired", "int32"),
        ("baseline_unpaired", "baselineUnpaired", "int32"),
        ("candidate_unpaired", "candidateUnpaired", "int32"),
        ("baseline_mean", "baselineMean", "double"),
        ("candidate_mean", "candidateMean", "double"),
        ("mean_difference", "meanDifference", "double"),
        ("stderr", "stderr", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
        ("bootstrap_ci95_low", "bootstrapCi95Low", "double"),
        ("bootstrap_ci95_high", "bootstrapCi95High", "double"),
        ("test", "test", "enum COMPARISON_TEST_"),
        ("p_value", "pValue", "double"),
        ("adjusted_p_value", "adjustedPValue", "double"),
        ("mcnemar_p_value", "mcnemarPValue", "double"),
        ("wilcoxon_p_value", "wilcoxonPValue", "double"),
        ("paired_t_p_value", "pairedTPValue", "double"),
        ("effect_size", "effectSize", "double"),
        ("wins", "wins", "int32"),
        ("losses", "losses", "int32"),
        ("ties", "ties", "int32"),
        ("regressed", "regressed", "list message PairedSample"),
        ("improved", "improved", "list message PairedSample"),
        ("baseline_ci95_low", "baselineCi95Low", "double"),
        ("baseline_ci95_high", "baselineCi95High", "double"),
        ("candidate_ci95_low", "candidateCi95Low", "double"),
        ("candidate_ci95_high", "candidateCi95High", "double"),
        ("ci90_low", "ci90Low", "double"),
        ("ci90_high", "ci90High", "double"),
        ("detectable_difference", "detectableDifference", "double"),
        ("pairs_needed", "pairsNeeded", "int32"),
        ("no_worse_p_value", "noWorsePValue", "double"),
        ("equivalence_p_value", "equivalencePValue", "double"),
        ("different_inputs", "differentInputs", "int32"),
        ("baseline_repetitions", "baselineRepetitions", "message Repetitions"),
        ("candidate_repetitions", "candidateRepetitions", "message Repetitions"),
        ("clusters", "clusters", "message Clusters"),
        ("slices", "slices", "message ComparisonSlices"),
        ("baseline_coverage", "baselineCoverage", "message Coverage"),
        ("candidate_coverage", "candidateCoverage", "message Coverage"),
        ("candidate_filled", "candidateFilled", "int32"),
        ("bounds", "bounds", "message Bounds"),
        ("candidate_short", "candidateShort", "int32"),
        ("rank_biserial", "rankBiserial", "double"),
        ("adjusted_paired_t_p_value", "adjustedPairedTPValue", "double"),
        ("baseline_with_error", "baselineWithError", "int32"),
        ("candidate_with_error", "candidateWithError", "int32"),
        ("mean_difference_without_error", "meanDifferenceWithoutError", "double"),
        ("margin_test", "marginTest", "enum MARGIN_TEST_"),
        ("margin_range_low", "marginRangeLow", "double"),
        ("margin_range_high", "marginRangeHigh", "double"),
        ("without_failed", "withoutFailed", "message BenchmarkComparison"),
    )

    candidate_id: str
    """Id of the candidate benchmark."""

    n_paired: int
    """Number of pairs (n): samples that have a value of the metric on both sides, and the same input and
    expected answer, unless the request allows different ones; with AS_WORST also those counted in
    candidate_filled.
    """

    baseline_unpaired: int
    """Samples of the baseline without a partner: no such sample or no value in the candidate, or no sample_id.
    Of a metric of one split those of the other splits do not count, as in Coverage.
    """

    candidate_unpaired: int
    """Samples of the candidate without a partner: no such sample or no value in the baseline, or no sample_id."""

    baseline_mean: float | None
    """Mean of the baseline over the pairs. Unset without pairs."""

    candidate_mean: float | None
    """Mean of the candidate over the pairs. Unset without pairs."""

    mean_difference: float | None
    """Mean of the differences. Unset without pairs."""

    stderr: float | None
    """Standard error of the mean difference. Unset when n_paired is below 2."""

    ci95_low: float | None
    """Lower bound of the 95 % confidence interval of the mean difference, by the paired t distribution, and so
    the interval of paired_t_p_value, not of p_value. It is not adjusted for the number of candidates. Where
    every value is 0 or 1 it is cut at -1 and 1. Unset when n_paired is below 2 or the differences do not
    vary, which tells nothing of how others would: equal pairs do not prove equality.
    """

    ci95_high: float | None
    """Upper bound of the 95 % confidence interval of the mean difference, like ci95_low."""

    bootstrap_ci95_low: float | None
    """Lower bound of the 95 % percentile bootstrap interval of the mean difference. Unset as ci95_low, and when
    bootstrap_samples is 0.
    """

    bootstrap_ci95_high: float | None
    """Upper bound of the 95 % percentile bootstrap interval of the mean difference, like bootstrap_ci95_low."""

    test: ComparisonTest
    """The test that p_value comes from."""

    p_value: float | None
    """Two-sided p-value of `test`, before adjustment. Unset without pairs, and with a single cluster."""

    adjusted_p_value: float | None
    """p_value adjusted by Holm's method over all candidates of this request. Unset as p_value."""

    mcnemar_p_value: float | None
    """Two-sided p-value of the exact McNemar test. Unset unless every paired value is 0 or 1, and with
    clusters.
    """

    wilcoxon_p_value: float | None
    """Two-sided p-value of the Wilcoxon signed-rank test; pairs without a difference are dropped, 1 when none
    is left. Unset without pairs, and with clusters.
    """

    paired_t_p_value: float | None
    """Two-sided p-value of the paired t-test. Unset when n_paired is below 2 or the differences do not vary."""

    effect_size: float | None
    """Effect size: mean difference / standard deviation of the differences (Cohen's d_z). Unset when that
    deviation is 0 or undefined.
    """

    wins: int
    """Pairs in which the candidate is better (lower values are better if lower_is_better)."""

    losses: int
    """Pairs in which the candidate is worse."""

    ties: int
    """Pairs whose difference is at most tie_tolerance in absolute value."""

    regressed: list[PairedSample]
    """Pairs that the candidate lost, worst first: one page of them."""

    improved: list[PairedSample]
    """Pairs that the candidate won, best first: one page of them."""

    baseline_ci95_low: float | None
    """Lower bound of the 95 % confidence interval of baseline_mean, as in MetricSummary, over the pairs."""

    baseline_ci95_high: float | None
    """Upper bound of the same."""

    candidate_ci95_low: float | None
    """Lower bound of the 95 % confidence interval of candidate_mean, as in MetricSummary, over the pairs."""

    candidate_ci95_high: float | None
    """Upper bound of the same."""

    ci90_low: float | None
    """Lower bound of the 90 % confidence interval of the mean difference, by the paired t distribution: the
    interval that the test of equivalence goes by. Unset as ci95_low.
    """

    ci90_high: float | None
    """Upper bound of the 90 % confidence interval of the mean difference, like ci90_low."""

    detectable_difference: float | None
    """The smallest true mean difference that so many pairs, which vary so much, show with a probability of 80 %
    at the level `alpha` (power of the two-sided paired t-test). Unset when n_paired is below 2 or the
    differences do not vary.
    """

    pairs_needed: int | None
    """Number of pairs that show a difference of `detect` with a probability of 80 %. Unset without `detect`,
    when the differences do not vary, or when it is above 1e9.
    """

    no_worse_p_value: float | None
    """One-sided p-value against a candidate that is worse by `margin` or more (non-inferiority). Below 0.05: no
    worse, by the margin. margin_test says which test it is of. Where the range is known it is not below that
    of n pairs which are all equal, (1 - margin / range)^n, unless some are better. With BOUNDS it is of the
    worst mean difference that missing samples allow. Unset without `margin` or pairs, with one pair unless
    the request says BOUNDS, or when all differences are equal, the range is not known, and that does not
    determine it.
    """

    equivalence_p_value: float | None
    """p-value of two such one-sided tests against a difference of `margin` or more, either way (TOST,
    Schuirmann 1987). Below 0.05: equivalent, by the margin. With BOUNDS it is of the least and the greatest
    mean difference that missing samples allow. Unset as no_worse_p_value.
    """

    different_inputs: int
    """Samples with a value of the metric on both sides whose inputs or expected answers differ. They are left
    out of all other figures, unless allow_different_inputs was set.
    """

    baseline_repetitions: Repetitions | None
    """Repetitions of the baseline over the pairs. Unset if it has none, or without pairs."""

    candidate_repetitions: Repetitions | None
    """Repetitions of the candidate over the pairs. Unset if it has none, or without pairs."""

    clusters: Clusters | None
    """Clusters of the pairs. Unset unless the request has cluster_by, or without pairs. All errors, intervals
    and p-values are then clustered: for the number of pairs they have that of clusters, and with one cluster
    they are unset. There is no McNemar or Wilcoxon test. The bootstrap draws clusters.
    """

    slices: ComparisonSlices | None
    """Unset unless the request has `group_by`."""

    baseline_coverage: Coverage
    """How many samples of the baseline have a value, those without a partner included."""

    candidate_coverage: Coverage
    """How many samples of the candidate have a value, those without a partner included."""

    candidate_filled: int
    """Pairs in which the candidate has no value, so that the worst stands for it. 0 unless the request says
    AS_WORST.
    """

    bounds: Bounds | None
    """What the mean difference over all samples may be: those that either side has tried and, if more were
    planned, the others, of which nothing is known of both sides. Unset unless the request says BOUNDS, and
    without any sample.
    """

    candidate_short: int
    """Pairs in which the candidate lacks repetitions and the baseline has them: those that have no value, of as
    many as are declared or, if none are, as the sample with the most evaluations has. The value of the
    candidate is then of its other repetitions, as if none had failed. With AS_WORST and BOUNDS, which count
    what it lacks of its own, only those of which it was to have fewer than the baseline has.
    """

    rank_biserial: float | None
    """Which way the test goes, by the ranks of the sizes of the differences: the share of the rank sum that is
    above 0 less that below, from -1 to 1 (matched-pairs rank-biserial correlation; Kerby 2014). Its sign is
    that of p_value, as the sign of mean_difference is that of paired_t_p_value. Where few large differences
    outweigh many small ones the two are opposite, so that p_value says nothing of the mean. 0 without any
    difference. Unset without pairs, and with clusters, whose test is of the mean.
    """

    adjusted_paired_t_p_value: float | None
    """paired_t_p_value adjusted by Holm's method over all candidates of this request. Where it says that the
    mean is worse and the signed-rank test does not, that is harm, though not by adjusted_p_value. Unset as
    paired_t_p_value.
    """

    baseline_with_error: int
    """Pairs in which the baseline's value is of an evaluation, or repetitions, with an error. Such a value
    counts like all others, although what was measured ended with the failure.
    """

    candidate_with_error: int
    """Pairs in which the candidate's value is of an evaluation, or repetitions, with an error."""

    mean_difference_without_error: float | None
    """Mean of the differences of the pairs in which neither side is among these two. Where it is worse than
    mean_difference, failures make the candidate look better. Unset without such pairs.
    """

    margin_test: MarginTest
    """The test of no_worse_p_value and equivalence_p_value."""

    margin_range_low: float | None
    """The least value of the range that this test goes by. It is range_low of the response where both ends of
    that are known. Else, of the score and of a benchmark's own metrics, the range is from 0 to 1 and as far
    beyond as the values of all benchmarks of the request go. Unset where the test knows no range.
    """

    margin_range_high: float | None
    """The greatest value of that range, like margin_range_low."""

    without_failed: BenchmarkComparison | None
    """The same comparison by the pairs in which neither side is of baseline_with_error or candidate_with_error,
    without lists of samples, groups and bootstrap. Set where there are such pairs of a metric of which lower
    values are better, other than the score: what ends early as it fails looks quick and cheap. A candidate
    is better only if it is so here as well, and worse, where it failed in no sample itself, only if it is so
    here: the baseline's failures make nobody slow.
    """

    def __init__(
        self,
        *,
        candidate_id: str = "",
        n_paired: int = 0,
        baseline_unpaired: int = 0,
        candidate_unpaired: int = 0,
        baseline_mean: float | None = None,
        candidate_mean: float | None = None,
        mean_difference: float | None = None,
        stderr: float | None = None,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
        bootstrap_ci95_low: float | None = None,
        bootstrap_ci95_high: float | None = None,
        test: ComparisonTest = "UNSPECIFIED",
        p_value: float | None = None,
        adjusted_p_value: float | None = None,
        mcnemar_p_value: float | None = None,
        wilcoxon_p_value: float | None = None,
        paired_t_p_value: float | None = None,
        effect_size: float | None = None,
        wins: int = 0,
        losses: int = 0,
        ties: int = 0,
        regressed: list[PairedSample] | None = None,
        improved: list[PairedSample] | None = None,
        baseline_ci95_low: float | None = None,
        baseline_ci95_high: float | None = None,
        candidate_ci95_low: float | None = None,
        candidate_ci95_high: float | None = None,
        ci90_low: float | None = None,
        ci90_high: float | None = None,
        detectable_difference: float | None = None,
        pairs_needed: int | None = None,
        no_worse_p_value: float | None = None,
        equivalence_p_value: float | None = None,
        different_inputs: int = 0,
        baseline_repetitions: Repetitions | None = None,
        candidate_repetitions: Repetitions | None = None,
        clusters: Clusters | None = None,
        slices: ComparisonSlices | None = None,
        baseline_coverage: Coverage | None = None,
        candidate_coverage: Coverage | None = None,
        candidate_filled: int = 0,
        bounds: Bounds | None = None,
        candidate_short: int = 0,
        rank_biserial: float | None = None,
        adjusted_paired_t_p_value: float | None = None,
        baseline_with_error: int = 0,
        candidate_with_error: int = 0,
        mean_difference_without_error: float | None = None,
        margin_test: MarginTest = "UNSPECIFIED",
        margin_range_low: float | None = None,
        margin_range_high: float | None = None,
        without_failed: BenchmarkComparison | None = None,
    ) -> None:
        self.candidate_id = candidate_id
        self.n_paired = n_paired
        self.baseline_unpaired = baseline_unpaired
        self.candidate_unpaired = candidate_unpaired
        self.baseline_mean = baseline_mean
        self.candidate_mean = candidate_mean
        self.mean_difference = mean_difference
        self.stderr = stderr
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high
        self.bootstrap_ci95_low = bootstrap_ci95_low
        self.bootstrap_ci95_high = bootstrap_ci95_high
        self.test = test
        self.p_value = p_value
        self.adjusted_p_value = adjusted_p_value
        self.mcnemar_p_value = mcnemar_p_value
        self.wilcoxon_p_value = wilcoxon_p_value
        self.paired_t_p_value = paired_t_p_value
        self.effect_size = effect_size
        self.wins = wins
        self.losses = losses
        self.ties = ties
        self.regressed = [] if regressed is None else regressed
        self.improved = [] if improved is None else improved
        self.baseline_ci95_low = baseline_ci95_low
        self.baseline_ci95_high = baseline_ci95_high
        self.candidate_ci95_low = candidate_ci95_low
        self.candidate_ci95_high = candidate_ci95_high
        self.ci90_low = ci90_low
        self.ci90_high = ci90_high
        self.detectable_difference = detectable_difference
        self.pairs_needed = pairs_needed
        self.no_worse_p_value = no_worse_p_value
        self.equivalence_p_value = equivalence_p_value
        self.different_inputs = different_inputs
        self.baseline_repetitions = baseline_repetitions
        self.candidate_repetitions = candidate_repetitions
        self.clusters = clusters
        self.slices = slices
        self.baseline_coverage = Coverage() if baseline_coverage is None else baseline_coverage
        self.candidate_coverage = Coverage() if candidate_coverage is None else candidate_coverage
        self.candidate_filled = candidate_filled
        self.bounds = bounds
        self.candidate_short = candidate_short
        self.rank_biserial = rank_biserial
        self.adjusted_paired_t_p_value = adjusted_paired_t_p_value
        self.baseline_with_error = baseline_with_error
        self.candidate_with_error = candidate_with_error
        self.mean_difference_without_error = mean_difference_without_error
        self.margin_test = margin_test
        self.margin_range_low = margin_range_low
        self.margin_range_high = margin_range_high
        self.without_failed = without_failed


class ComparisonSlices(Message):
    """A comparison in groups of its samples."""

    __slots__ = (
        "slices",
        "slices_left_out",
        "left_out",
        "macro_mean",
        "macro_stderr",
        "macro_slices",
        "samples_mixed",
    )
    _fields = (
        ("slices", "slices", "list message ComparisonSlice"),
        ("slices_left_out", "slicesLeftOut", "int32"),
        ("left_out", "leftOut", "list plain"),
        ("macro_mean", "macroMean", "double"),
        ("macro_stderr", "macroStderr", "double"),
        ("macro_slices", "macroSlices", "int32"),
        ("samples_mixed", "samplesMixed", "int32"),
    )

    slices: list[ComparisonSlice]
    """The groups in the order of their values, numbers by their size; last that of the samples without the key.
    If there are more than 200, those with the most samples.
    """

    slices_left_out: int
    """Number of further groups, which are not tested."""

    left_out: list[str]
    """Values of the further groups, those with the most samples first; at most 1000."""

    macro_mean: float | None
    """Mean of the mean differences of all groups that have the key and pairs, each with the same weight, those
    left out included. Unset if there is no such group.
    """

    macro_stderr: float | None
    """Standard error of macro_mean, as in MetricSlices. Unset if a group has one pair."""

    macro_slices: int
    """Number of groups in macro_mean."""

    samples_mixed: int
    """Samples whose sides, or repetitions, name several groups. Each is in the first that the baseline names."""

    def __init__(
        self,
        *,
        slices: list[ComparisonSlice] | None = None,
        slices_left_out: int = 0,
        left_out: list[str] | None = None,
        macro_mean: float | None = None,
        macro_stderr: float | None = None,
        macro_slices: int = 0,
        samples_mixed: int = 0,
    ) -> None:
        self.slices = [] if slices is None else slices
        self.slices_left_out = slices_left_out
        self.left_out = [] if left_out is None else left_out
        self.macro_mean = macro_mean
        self.macro_stderr = macro_stderr
        self.macro_slices = macro_slices
        self.samples_mixed = samples_mixed


class ComparisonSlice(Message):
    """One group of a comparison. Figures are as in BenchmarkComparison, over the pairs of the group."""

    __slots__ = (
        "value",
        "baseline_tried",
        "candidate_tried",
        "n_paired",
        "baseline_mean",
        "candidate_mean",
        "mean_difference",
        "stderr",
        "ci95_low",
        "ci95_high",
        "test",
        "p_value",
        "adjusted_p_value",
        "paired_t_p_value",
        "wins",
        "losses",
        "ties",
        "rank_biserial",
        "adjusted_paired_t_p_value",
        "without_failed",
        "baseline_with_error",
        "candidate_with_error",
    )
    _fields = (
        ("value", "value", "plain"),
        ("baseline_tried", "baselineTried", "int32"),
        ("candidate_tried", "candidateTried", "int32"),
        ("n_paired", "nPaired", "int32"),
        ("baseline_mean", "baselineMean", "double"),
        ("candidate_mean", "candidateMean", "double"),
        ("mean_difference", "meanDifference", "double"),
        ("stderr", "stderr", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
        ("test", "test", "enum COMPARISON_TEST_"),
        ("p_value", "pValue", "double"),
        ("adjusted_p_value", "adjustedPValue", "double"),
        ("paired_t_p_value", "pairedTPValue", "double"),
        ("wins", "wins", "int32"),
        ("losses", "losses", "int32"),
        ("ties", "ties", "int32"),
        ("rank_biserial", "rankBiserial", "double"),
        ("adjusted_paired_t_p_value", "adjustedPairedTPValue", "double"),
        ("without_failed", "withoutFailed", "message ComparisonSlice"),
        ("baseline_with_error", "baselineWithError", "int32"),
        ("candidate_with_error", "candidateWithError", "int32"),
    )

    value: str | None
    """The value of the key, as in MetricSlice. Unset in the group of the samples without it."""

    baseline_tried: int
    """Samples of the group with an evaluation in the baseline."""

    candidate_tried: int
    """Samples of the group with an evaluation in the candidate."""

    n_paired: int
    """Number of pairs (n)."""

    baseline_mean: float | None
    """Mean of the baseline over the pairs. Unset without pairs."""

    candidate_mean: float | None
    """Mean of the candidate over the pairs. Unset without pairs."""

    mean_difference: float | None
    """Mean of the differences. Unset without pairs."""

    stderr: float | None
    """Standard error of the mean difference. Unset when n_paired is below 2."""

    ci95_low: float | None
    """Lower bound of the 95 % confidence interval of the mean difference, by the paired t distribution. It is
    not adjusted for the number of groups. Unset when n_paired is below 2 or the differences do not vary.
    """

    ci95_high: float | None
    """Upper bound of the same."""

    test: ComparisonTest
    """The test that p_value comes from."""

    p_value: float | None
    """Two-sided p-value of `test`, before adjustment. Unset without pairs."""

    adjusted_p_value: float | None
    """p_value adjusted by Holm's method over the groups of all candidates of this request together."""

    paired_t_p_value: float | None
    """Two-sided p-value of the paired t-test. Unset when n_paired is below 2 or the differences do not vary."""

    wins: int
    """Pairs in which the candidate is better."""

    losses: int
    """Pairs in which the candidate is worse."""

    ties: int
    """Pairs whose difference is at most tie_tolerance in absolute value."""

    rank_biserial: float | None
    """Which way `test` goes, as in BenchmarkComparison. Unset without pairs."""

    adjusted_paired_t_p_value: float | None
    """paired_t_p_value adjusted by Holm's method over the groups of all candidates of this request together."""

    without_failed: ComparisonSlice | None
    """The group by the pairs in which neither side failed. Set where BenchmarkComparison.without_failed is."""

    baseline_with_error: int
    """Pairs in which the baseline's value is of an evaluation with an error, as in BenchmarkComparison."""

    candidate_with_error: int
    """Pairs in which the candidate's value is."""

    def __init__(
        self,
        *,
        value: str | None = None,
        baseline_tried: int = 0,
        candidate_tried: int = 0,
        n_paired: int = 0,
        baseline_mean: float | None = None,
        candidate_mean: float | None = None,
        mean_difference: float | None = None,
        stderr: float | None = None,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
        test: ComparisonTest = "UNSPECIFIED",
        p_value: float | None = None,
        adjusted_p_value: float | None = None,
        paired_t_p_value: float | None = None,
        wins: int = 0,
        losses: int = 0,
        ties: int = 0,
        rank_biserial: float | None = None,
        adjusted_paired_t_p_value: float | None = None,
        without_failed: ComparisonSlice | None = None,
        baseline_with_error: int = 0,
        candidate_with_error: int = 0,
    ) -> None:
        self.value = value
        self.baseline_tried = baseline_tried
        self.candidate_tried = candidate_tried
        self.n_paired = n_paired
        self.baseline_mean = baseline_mean
        self.candidate_mean = candidate_mean
        self.mean_difference = mean_difference
        self.stderr = stderr
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high
        self.test = test
        self.p_value = p_value
        self.adjusted_p_value = adjusted_p_value
        self.paired_t_p_value = paired_t_p_value
        self.wins = wins
        self.losses = losses
        self.ties = ties
        self.rank_biserial = rank_biserial
        self.adjusted_paired_t_p_value = adjusted_paired_t_p_value
        self.without_failed = without_failed
        self.baseline_with_error = baseline_with_error
        self.candidate_with_error = candidate_with_error


class ComparedSample(Message):
    """One sample with its value in each of several benchmarks."""

    __slots__ = (
        "sample_id",
        "difference",
        "values",
    )
    _fields = (
        ("sample_id", "sampleId", "plain"),
        ("difference", "difference", "double"),
        ("values", "values", "list message ComparedValue"),
    )

    sample_id: str
    """Id of the sample within the dataset."""

    difference: float
    """Of those listed as REGRESSED, how much worse the worst candidate is than the baseline; as IMPROVED, how
    much better the best one is; else how far apart the least and the greatest value are.
    """

    values: list[ComparedValue]
    """One for each benchmark, in the order of the request."""

    def __init__(
        self,
        *,
        sample_id: str = "",
        difference: float = 0.0,
        values: list[ComparedValue] | None = None,
    ) -> None:
        self.sample_id = sample_id
        self.difference = difference
        self.values = [] if values is None else values


class ComparedValue(Message):
    """What one benchmark has of a sample."""

    __slots__ = (
        "value",
        "evaluation_id",
        "count",
    )
    _fields = (
        ("value", "value", "double"),
        ("evaluation_id", "evaluationId", "plain"),
        ("count", "count", "int32"),
    )

    value: float | None
    """Value of the metric, after the reduction of repetitions. Unset without one."""

    evaluation_id: str
    """Id of the evaluation, the first of several. Empty if there is none; in a benchmark with repetitions also
    if none has a value.
    """

    count: int
    """Number of evaluations with a value."""

    def __init__(
        self,
        *,
        value: float | None = None,
        evaluation_id: str = "",
        count: int = 0,
    ) -> None:
        self.value = value
        self.evaluation_id = evaluation_id
        self.count = count


class PairedSample(Message):
    """One sample with its values in both benchmarks."""

    __slots__ = (
        "sample_id",
        "baseline_count",
        "baseline_value",
        "candidate_value",
        "difference",
        "baseline_evaluation_id",
        "candidate_evaluation_id",
        "candidate_count",
    )
    _fields = (
        ("sample_id", "sampleId", "plain"),
        ("baseline_count", "baselineCount", "int32"),
        ("baseline_value", "baselineValue", "double"),
        ("candidate_value", "candidateValue", "double"),
        ("difference", "difference", "double"),
        ("baseline_evaluation_id", "baselineEvaluationId", "plain"),
        ("candidate_evaluation_id", "candidateEvaluationId", "plain"),
        ("candidate_count", "candidateCount", "int32"),
    )

    sample_id: str
    """Id of the sample within the dataset."""

    baseline_count: int
    """Number of values that the baseline has of it."""

    baseline_value: float
    """Value of the metric in the baseline, after the reduction of repetitions."""

    candidate_value: float
    """Value of the metric in the candidate, after the reduction of repetitions."""

    difference: float
    """candidate_value minus baseline_value."""

    baseline_evaluation_id: str
    """Id of the baseline's evaluation, the first of several. Empty if it has none of the sample."""

    candidate_evaluation_id: str
    """Id of the candidate's evaluation, the first of several. Empty if it has none of the sample."""

    candidate_count: int
    """Number of values that the candidate has of it."""

    def __init__(
        self,
        *,
        sample_id: str = "",
        baseline_count: int = 0,
        baseline_value: float = 0.0,
        candidate_value: float = 0.0,
        difference: float = 0.0,
        baseline_evaluation_id: str = "",
        candidate_evaluation_id: str = "",
        candidate_count: int = 0,
    ) -> None:
        self.sample_id = sample_id
        self.baseline_count = baseline_count
        self.baseline_value = baseline_value
        self.candidate_value = candidate_value
        self.difference = difference
        self.baseline_evaluation_id = baseline_evaluation_id
        self.candidate_evaluation_id = candidate_evaluation_id
        self.candidate_count = candidate_count


class LeaderboardEntry(Message):
    """One benchmark on a leaderboard. Two entries are significantly apart if their 95 % confidence intervals
    do not overlap. For two entries alone that is stricter than a test at 5 %, and it is not corrected for
    the number of entries. It pairs no samples. CompareBenchmarks does, and so may find a difference between
    entries that share a band. The reverse does not happen to the paired t-test: it finds the difference of
    entries that are apart here, if both have values of the same samples, and both or neither have only 0
    and 1. BenchmarkComparison.p_value is of other tests, and adjusted for several candidates, so that it
    may be above 0.05 all the same.
    """

    __slots__ = (
        "rank",
        "rank_low",
        "rank_high",
        "benchmark_id",
        "benchmark_name",
        "provider",
        "model",
        "status",
        "count",
        "mean",
        "stderr",
        "ci95_low",
        "ci95_high",
        "created_at",
        "band",
        "stddev",
        "band_last",
        "interval_method",
        "samples_unscored",
        "repetitions",
        "coverage",
        "filled_with",
        "bounds",
        "inputs_compared",
        "different_inputs",
        "ranked_low",
        "ranked_high",
    )
    _fields = (
        ("rank", "rank", "int32"),
        ("rank_low", "rankLow", "int32"),
        ("rank_high", "rankHigh", "int32"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("benchmark_name", "benchmarkName", "plain"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("count", "count", "int32"),
        ("mean", "mean", "double"),
        ("stderr", "stderr", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
        ("created_at", "createdAt", "timestamp"),
        ("band", "band", "int32"),
        ("stddev", "stddev", "double"),
        ("band_last", "bandLast", "int32"),
        ("interval_method", "intervalMethod", "enum INTERVAL_METHOD_"),
        ("samples_unscored", "samplesUnscored", "int32"),
        ("repetitions", "repetitions", "message Repetitions"),
        ("coverage", "coverage", "message Coverage"),
        ("filled_with", "filledWith", "double"),
        ("bounds", "bounds", "message Bounds"),
        ("inputs_compared", "inputsCompared", "int32"),
        ("different_inputs", "differentInputs", "int32"),
        ("ranked_low", "rankedLow", "double"),
        ("ranked_high", "rankedHigh", "double"),
    )

    rank: int
    """Position by mean, from 1. Equal means share a rank."""

    rank_low: int
    """Best rank that the intervals allow: 1 plus the number of entries whose whole interval is better than this
    one's. It is 1 without an interval.
    """

    rank_high: int
    """Worst rank that the intervals allow: the number of entries minus those whose whole interval is worse than
    this one's. The number of entries without an interval. It is never less than rank, which an entry with
    missing samples may have below others that its interval reaches beyond: see coverage.
    """

    benchmark_id: str
    """Id of the benchmark."""

    benchmark_name: str
    """Name of the benchmark."""

    provider: str
    """Provider of the model."""

    model: str
    """Model under test."""

    status: BenchmarkStatus
    """Status of the benchmark. The figures of one that is not COMPLETED may still change."""

    count: int
    """Number of samples with a value of the metric after the reduction of repetitions (n). In a benchmark
    without repetitions each evaluation is a sample.
    """

    mean: float
    """Mean of the metric over samples."""

    stderr: float | None
    """Standard error of the mean. Unset when count is below 2."""

    ci95_low: float | None
    """Lower bound of the 95 % confidence interval, as in MetricSummary."""

    ci95_high: float | None
    """Upper bound of the 95 % confidence interval, like ci95_low."""

    created_at: datetime
    """When the benchmark was created."""

    band: int | None
    """First of the bands that the entry stands in, from 1. A band is a largest set of entries of which no two
    are significantly apart. Two entries share a band if and only if they are not significantly apart. Those
    in band 1 have nobody significantly above them. Unset without an interval.
    """

    stddev: float | None
    """Sample standard deviation (divisor n - 1). Unset when count is below 2."""

    band_last: int | None
    """Last of the bands that the entry stands in; it stands in all between too. Unset without an interval."""

    interval_method: IntervalMethod
    """How ci95_low and ci95_high were computed."""

    samples_unscored: int
    """Samples with values of which the reducer makes none; see Reducer."""

    repetitions: Repetitions | None
    """Repetitions of the samples that have a value. Unset if the benchmark has no repetitions."""

    coverage: Coverage
    """How many of the samples have a value. An entry of which some are missing, or lack repetitions (see
    Repetitions.samples_lacking) that no value stands for, is never ranked above a complete one whose
    interval overlaps the bounds of its mean: it stands right below the last of these. rank_low, rank_high
    and bands take its interval to be as wide as its bounds, which have no end where the range of the metric
    has none. Entries that are below the same complete one are ordered by mean. Where lower is better, other
    than of the score, an entry of which samples with a value failed is not complete either: such a value may
    have ended early. Its bounds reach to the mean of the others if all that failed had the least value.
    """

    filled_with: float | None
    """The value that each missing sample and repetition counts as in mean, stddev, stderr and interval, which
    are then over all samples. Unset unless the request says AS_WORST and something is missing.
    """

    bounds: Bounds | None
    """Unset unless the request says BOUNDS."""

    inputs_compared: int | None
    """Samples whose input and expected answer were compared with those of
    GetLeaderboardResponse.inputs_reference_id: all that both have, by sample_id, or the first of 20,000
    altogether where inputs or samples differ. Unset if both have no sample in common.
    """

    different_inputs: int | None
    """Those of them whose input or expected answer is another one; at least 1 if it is known only that some
    differ. An input or expected answer that one of the two does not have is no difference. Means of
    different questions are no ranking. Unset like inputs_compared.
    """

    ranked_low: float | None
    """Lower end of the interval that rank_low, rank_high and bands go by: ci95_low, or the least mean that the
    missing samples allow if that is lower. Unset where there is no interval and none are missing, and where
    some are and the interval has no such end, because nobody knows the least value of the metric.
    """

    ranked_high: float | None
    """Upper end of that interval, like ranked_low."""

    def __init__(
        self,
        *,
        rank: int = 0,
        rank_low: int = 0,
        rank_high: int = 0,
        benchmark_id: str = "",
        benchmark_name: str = "",
        provider: str = "",
        model: str = "",
        status: BenchmarkStatus = "UNSPECIFIED",
        count: int = 0,
        mean: float = 0.0,
        stderr: float | None = None,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
        created_at: datetime = EPOCH,
        band: int | None = None,
        stddev: float | None = None,
        band_last: int | None = None,
        interval_method: IntervalMethod = "UNSPECIFIED",
        samples_unscored: int = 0,
        repetitions: Repetitions | None = None,
        coverage: Coverage | None = None,
        filled_with: float | None = None,
        bounds: Bounds | None = None,
        inputs_compared: int | None = None,
        different_inputs: int | None = None,
        ranked_low: float | None = None,
        ranked_high: float | None = None,
    ) -> None:
        self.rank = rank
        self.rank_low = rank_low
        self.rank_high = rank_high
        self.benchmark_id = benchmark_id
        self.benchmark_name = benchmark_name
        self.provider = provider
        self.model = model
        self.status = status
        self.count = count
        self.mean = mean
        self.stderr = stderr
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high
        self.created_at = created_at
        self.band = band
        self.stddev = stddev
        self.band_last = band_last
        self.interval_method = interval_method
        self.samples_unscored = samples_unscored
        self.repetitions = repetitions
        self.coverage = Coverage() if coverage is None else coverage
        self.filled_with = filled_with
        self.bounds = bounds
        self.inputs_compared = inputs_compared
        self.different_inputs = different_inputs
        self.ranked_low = ranked_low
        self.ranked_high = ranked_high


class MetricRun(Message):
    """A benchmark in the history of a metric."""

    __slots__ = (
        "benchmark_id",
        "benchmark_name",
        "provider",
        "model",
        "status",
        "created_at",
        "count",
        "mean",
        "stddev",
        "stderr",
        "ci95_low",
        "ci95_high",
        "interval_method",
        "since_previous",
        "since_baseline",
        "samples_unscored",
        "repetitions",
        "coverage",
        "inputs_compared",
        "different_inputs",
        "least_mean",
        "greatest_mean",
    )
    _fields = (
        ("benchmark_id", "benchmarkId", "plain"),
        ("benchmark_name", "benchmarkName", "plain"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("created_at", "createdAt", "timestamp"),
        ("count", "count", "int32"),
        ("mean", "mean", "double"),
        ("stddev", "stddev", "double"),
        ("stderr", "stderr", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
        ("interval_method", "intervalMethod", "enum INTERVAL_METHOD_"),
        ("since_previous", "sincePrevious", "message MetricChange"),
        ("since_baseline", "sinceBaseline", "message MetricChange"),
        ("samples_unscored", "samplesUnscored", "int32"),
        ("repetitions", "repetitions", "message Repetitions"),
        ("coverage", "coverage", "message Coverage"),
        ("inputs_compared", "inputsCompared", "int32"),
        ("different_inputs", "differentInputs", "int32"),
        ("least_mean", "leastMean", "double"),
        ("greatest_mean", "greatestMean", "double"),
    )

    benchmark_id: str
    """Id of the benchmark."""

    benchmark_name: str
    """Name of the benchmark."""

    provider: str
    """Provider of the model."""

    model: str
    """Model under test."""

    status: BenchmarkStatus
    """Status of the benchmark. The figures of one that is not COMPLETED may still change."""

    created_at: datetime
    """When the benchmark was created."""

    count: int
    """Number of samples with a value of the metric after the reduction of repetitions. In a benchmark without
    repetitions each evaluation is a sample.
    """

    mean: float
    """Mean of the metric over samples."""

    stddev: float | None
    """Sample standard deviation (divisor n - 1). Unset when count is below 2."""

    stderr: float | None
    """Standard error of the mean. Unset when count is below 2."""

    ci95_low: float | None
    """Lower bound of the 95 % confidence interval of the mean, as in MetricSummary."""

    ci95_high: float | None
    """Upper bound of the 95 % confidence interval of the mean, as in MetricSummary."""

    interval_method: IntervalMethod
    """How ci95_low and ci95_high were computed."""

    since_previous: MetricChange | None
    """How the mean changed since the run before, also where that is on the next page. Unset for the oldest run."""

    since_baseline: MetricChange | None
    """How the mean differs from that of the baseline. Unset for the baseline itself, and without one."""

    samples_unscored: int
    """Samples with values of which the reducer makes none; see Reducer."""

    repetitions: Repetitions | None
    """Repetitions of the samples that have a value. Unset if the benchmark has no repetitions."""

    coverage: Coverage
    """How many of the samples have a value. The mean is over those."""

    inputs_compared: int | None
    """Samples whose input and expected answer were compared with those of
    GetMetricHistoryResponse.inputs_reference_id, as in LeaderboardEntry. Unset if both have no sample in
    common.
    """

    different_inputs: int | None
    """Those of them whose input or expected answer is another one, as in LeaderboardEntry. A change between
    means of different questions is none of the model's.
    """

    least_mean: float | None
    """The least mean that missing samples and repetitions allow; see Bounds. Unset where none are missing, and
    where the range has no such end.
    """

    greatest_mean: float | None
    """The greatest mean that they allow. Unset as least_mean."""

    def __init__(
        self,
        *,
        benchmark_id: str = "",
        benchmark_name: str = "",
        provider: str = "",
        model: str = "",
        status: BenchmarkStatus = "UNSPECIFIED",
        created_at: datetime = EPOCH,
        count: int = 0,
        mean: float = 0.0,
        stddev: float | None = None,
        stderr: float | None = None,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
        interval_method: IntervalMethod = "UNSPECIFIED",
        since_previous: MetricChange | None = None,
        since_baseline: MetricChange | None = None,
        samples_unscored: int = 0,
        repetitions: Repetitions | None = None,
        coverage: Coverage | None = None,
        inputs_compared: int | None = None,
        different_inputs: int | None = None,
        least_mean: float | None = None,
        greatest_mean: float | None = None,
    ) -> None:
        self.benchmark_id = benchmark_id
        self.benchmark_name = benchmark_name
        self.provider = provider
        self.model = model
        self.status = status
        self.created_at = created_at
        self.count = count
        self.mean = mean
        self.stddev = stddev
        self.stderr = stderr
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high
        self.interval_method = interval_method
        self.since_previous = since_previous
        self.since_baseline = since_baseline
        self.samples_unscored = samples_unscored
        self.repetitions = repetitions
        self.coverage = Coverage() if coverage is None else coverage
        self.inputs_compared = inputs_compared
        self.different_inputs = different_inputs
        self.least_mean = least_mean
        self.greatest_mean = greatest_mean


class MetricChange(Message):
    """How the mean of a run differs from that of another one, as independent groups."""

    __slots__ = (
        "difference",
        "ci95_low",
        "ci95_high",
        "p_value",
        "adjusted_p_value",
        "first_significant",
        "first_unsettled",
    )
    _fields = (
        ("difference", "difference", "double"),
        ("ci95_low", "ci95Low", "double"),
        ("ci95_high", "ci95High", "double"),
        ("p_value", "pValue", "double"),
        ("adjusted_p_value", "adjustedPValue", "double"),
        ("first_significant", "firstSignificant", "plain"),
        ("first_unsettled", "firstUnsettled", "plain"),
    )

    difference: float
    """The run's mean less that of the other."""

    ci95_low: float | None
    """Lower bound of the 95 % confidence interval of the difference, not adjusted. Unset where a run has a
    single value, and where no value differs from another in either run.
    """

    ci95_high: float | None
    """Upper bound of that interval."""

    p_value: float | None
    """Two-sided p-value of Welch's t-test. Where one run alone has different values, that of Student's t-test
    if it is larger; where neither has, that of the exact permutation test. Unset where a run has a single
    value and the other has different ones.
    """

    adjusted_p_value: float | None
    """The p-value adjusted by Holm's method for the changes of this kind (since_previous or since_baseline) in
    the response.
    """

    first_significant: bool
    """True for the first run in time of the response whose adjusted_p_value of this kind is below 0.05; in
    since_baseline the first after the baseline. It has to be that also with what both runs lack (see
    Missing), each sample and repetition of which then has the value that brings the two means closest
    together: GetMetricHistoryResponse.range_low or range_high. And where lower is better, other than of the
    score, a better mean has to be that without the samples that failed, which may have ended early, whatever
    their values between the least and the greatest of the run are.
    """

    first_unsettled: bool
    """True for the first run in time whose adjusted_p_value of this kind is below 0.05 by the samples that have
    a value, if it is not first_significant: with what is missing, or without what failed, it might not be.
    """

    def __init__(
        self,
        *,
        difference: float = 0.0,
        ci95_low: float | None = None,
        ci95_high: float | None = None,
        p_value: float | None = None,
        adjusted_p_value: float | None = None,
        first_significant: bool = False,
        first_unsettled: bool = False,
    ) -> None:
        self.difference = difference
        self.ci95_low = ci95_low
        self.ci95_high = ci95_high
        self.p_value = p_value
        self.adjusted_p_value = adjusted_p_value
        self.first_significant = first_significant
        self.first_unsettled = first_unsettled


class Baseline(Message):
    """The benchmark that others on its dataset are compared with."""

    __slots__ = (
        "dataset",
        "benchmark_id",
        "benchmark_name",
        "set_by",
        "set_at",
    )
    _fields = (
        ("dataset", "dataset", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("benchmark_name", "benchmarkName", "plain"),
        ("set_by", "setBy", "plain"),
        ("set_at", "setAt", "timestamp"),
    )

    dataset: str
    """The dataset."""

    benchmark_id: str
    """Id of the benchmark."""

    benchmark_name: str
    """Name of the benchmark."""

    set_by: str | None
    """Id of the user who pinned it. Unset when nobody was authenticated."""

    set_at: datetime
    """When it was pinned."""

    def __init__(
        self,
        *,
        dataset: str = "",
        benchmark_id: str = "",
        benchmark_name: str = "",
        set_by: str | None = None,
        set_at: datetime = EPOCH,
    ) -> None:
        self.dataset = dataset
        self.benchmark_id = benchmark_id
        self.benchmark_name = benchmark_name
        self.set_by = set_by
        self.set_at = set_at


class Evaluation(Message):
    """One input given to a model, with the output and its score. A failed sample is an evaluation with an error."""

    __slots__ = (
        "id",
        "benchmark_id",
        "sample_id",
        "repetition",
        "provider",
        "model",
        "input",
        "output",
        "expected",
        "metrics",
        "score",
        "error",
        "latency_ms",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "metadata",
        "created_at",
        "updated_at",
        "created_by",
        "input_bytes",
        "output_bytes",
        "expected_bytes",
    )
    _fields = (
        ("id", "id", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("sample_id", "sampleId", "plain"),
        ("repetition", "repetition", "int32"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("input", "input", "plain"),
        ("output", "output", "plain"),
        ("expected", "expected", "plain"),
        ("metrics", "metrics", "document"),
        ("score", "score", "double"),
        ("error", "error", "plain"),
        ("latency_ms", "latencyMs", "double"),
        ("input_tokens", "inputTokens", "int32"),
        ("output_tokens", "outputTokens", "int32"),
        ("cost_usd", "costUsd", "double"),
        ("metadata", "metadata", "document"),
        ("created_at", "createdAt", "timestamp"),
        ("updated_at", "updatedAt", "timestamp"),
        ("created_by", "createdBy", "plain"),
        ("input_bytes", "inputBytes", "int32"),
        ("output_bytes", "outputBytes", "int32"),
        ("expected_bytes", "expectedBytes", "int32"),
    )

    id: str
    """Identifier: a UUID, made by the service (UUIDv7) or given on create."""

    benchmark_id: str
    """Id of the benchmark that the evaluation belongs to."""

    sample_id: str
    """Id of the sample within the dataset. Empty when none was given; then the evaluation cannot be paired in
    comparisons.
    """

    repetition: int
    """Repetition of the sample, from 0."""

    provider: str
    """Provider of the model."""

    model: str
    """Model that gave the output."""

    input: str
    """Input of the model. Not returned in the BASIC view; the PREVIEW view has its first characters."""

    output: str | None
    """Output of the model. Unset when the sample gave none. Returned as `input` is."""

    expected: str | None
    """Expected output. Unset when there is none. Returned as `input` is."""

    metrics: dict[str, Any]
    """Further metrics by name. Numbers and booleans among them are summarized."""

    score: float | None
    """Main score, in whatever scale the benchmark uses. Unset when the sample was not scored."""

    error: str
    """Error of the sample. Empty when it did not fail."""

    latency_ms: float | None
    """Time the model took, in milliseconds. Unset when not measured."""

    input_tokens: int | None
    """Tokens read by the model. Unset when not measured."""

    output_tokens: int | None
    """Tokens written by the model. Unset when not measured."""

    cost_usd: float | None
    """Cost of the sample in US dollars. Unset when not known."""

    metadata: dict[str, Any]
    """Additional data of the client. Not returned in the BASIC and PREVIEW views."""

    created_at: datetime
    """When the sample was evaluated: as given on create, else when it was stored. Retention does not go by it,
    but by the time of storage.
    """

    updated_at: datetime
    """When the evaluation was last changed (re-scored). Until then, the time when it was stored."""

    created_by: str
    """Id of the user who created it. Empty when unknown."""

    input_bytes: int | None
    """Bytes of the whole input. Set in the PREVIEW view alone."""

    output_bytes: int | None
    """Bytes of the whole output. Set in the PREVIEW view alone, if there is an output."""

    expected_bytes: int | None
    """Bytes of the whole expected output. Set in the PREVIEW view alone, if there is one."""

    def __init__(
        self,
        *,
        id: str = "",
        benchmark_id: str = "",
        sample_id: str = "",
        repetition: int = 0,
        provider: str = "",
        model: str = "",
        input: str = "",
        output: str | None = None,
        expected: str | None = None,
        metrics: dict[str, Any] | None = None,
        score: float | None = None,
        error: str = "",
        latency_ms: float | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: float | None = None,
        metadata: dict[str, Any] | None = None,
        created_at: datetime = EPOCH,
        updated_at: datetime = EPOCH,
        created_by: str = "",
        input_bytes: int | None = None,
        output_bytes: int | None = None,
        expected_bytes: int | None = None,
    ) -> None:
        self.id = id
        self.benchmark_id = benchmark_id
        self.sample_id = sample_id
        self.repetition = repetition
        self.provider = provider
        self.model = model
        self.input = input
        self.output = output
        self.expected = expected
        self.metrics = {} if metrics is None else metrics
        self.score = score
        self.error = error
        self.latency_ms = latency_ms
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost_usd = cost_usd
        self.metadata = {} if metadata is None else metadata
        self.created_at = created_at
        self.updated_at = updated_at
        self.created_by = created_by
        self.input_bytes = input_bytes
        self.output_bytes = output_bytes
        self.expected_bytes = expected_bytes


class FailureGroup(Message):
    """Failed evaluations of a benchmark with the same error, but for numbers and ids."""

    __slots__ = (
        "message",
        "count",
        "first_at",
        "last_at",
        "example",
        "evaluation_ids",
    )
    _fields = (
        ("message", "message", "plain"),
        ("count", "count", "int32"),
        ("first_at", "firstAt", "timestamp"),
        ("last_at", "lastAt", "timestamp"),
        ("example", "example", "plain"),
        ("evaluation_ids", "evaluationIds", "list plain"),
    )

    message: str
    """The first line of the error, or the last of a traceback of Python, at most 500 characters of it: with #
    for UUIDs, for long hexadecimal numbers, and for all other numbers but those from 100 to 599 that stand
    alone.
    """

    count: int
    """Number of evaluations in the group."""

    first_at: datetime
    """When the first of them was evaluated (Evaluation.created_at)."""

    last_at: datetime
    """When the last was."""

    example: str
    """That line of the last one's error as it stands."""

    evaluation_ids: list[str]
    """Ids of the latest of them, at most 3."""

    def __init__(
        self,
        *,
        message: str = "",
        count: int = 0,
        first_at: datetime = EPOCH,
        last_at: datetime = EPOCH,
        example: str = "",
        evaluation_ids: list[str] | None = None,
    ) -> None:
        self.message = message
        self.count = count
        self.first_at = first_at
        self.last_at = last_at
        self.example = example
        self.evaluation_ids = [] if evaluation_ids is None else evaluation_ids


class NewEvaluation(Message):
    """An evaluation to be stored. The same (benchmark_id, sample_id, repetition) given twice is one row; without
    a sample_id every evaluation is a new row unless its id is repeated. An evaluation without an error needs
    an output. A failed sample usually has an error and neither output nor score. Texts and JSON together may
    have at most 3,800,000 bytes, so that every stored evaluation can be read in one message.
    """

    __slots__ = (
        "id",
        "benchmark_id",
        "sample_id",
        "repetition",
        "provider",
        "model",
        "input",
        "output",
        "expected",
        "metrics",
        "score",
        "error",
        "latency_ms",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "metadata",
        "created_at",
    )
    _fields = (
        ("id", "id", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("sample_id", "sampleId", "plain"),
        ("repetition", "repetition", "int32"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("input", "input", "plain"),
        ("output", "output", "plain"),
        ("expected", "expected", "plain"),
        ("metrics", "metrics", "document"),
        ("score", "score", "double"),
        ("error", "error", "plain"),
        ("latency_ms", "latencyMs", "double"),
        ("input_tokens", "inputTokens", "int32"),
        ("output_tokens", "outputTokens", "int32"),
        ("cost_usd", "costUsd", "double"),
        ("metadata", "metadata", "document"),
        ("created_at", "createdAt", "timestamp"),
    )

    id: str
    """Identifier: a UUID. Default: a UUIDv7 made by the service."""

    benchmark_id: str
    """Id of the benchmark. Default: the benchmark_id of the enclosing request or job. Required in one of the
    two places.
    """

    sample_id: str
    """Id of the sample within the dataset, at most 255 characters. Default: none."""

    repetition: int
    """Repetition of the sample, 0 or more. Default: 0."""

    provider: str
    """Provider of the model, at most 100 characters. Default: the benchmark's."""

    model: str
    """Model that gave the output, at most 255 characters. Default: the benchmark's."""

    input: str
    """Input of the model, at most 2 MiB. May be empty."""

    output: str | None
    """Output of the model, at most 2 MiB. It may be empty, but it may be unset only with an error."""

    expected: str | None
    """Expected output, at most 2 MiB. Default: none."""

    metrics: Mapping[str, Any] | None
    """Further metrics by name, at most 1 MiB encoded; numbers must be finite. Default: empty."""

    score: float | None
    """Main score; must be finite. Default: none."""

    error: str
    """Error of the sample, at most 64 KiB. If it is not empty, the sample counts as failed."""

    latency_ms: float | None
    """Time the model took in milliseconds, 0 or more. Default: none."""

    input_tokens: int | None
    """Tokens read by the model, 0 or more. Default: none."""

    output_tokens: int | None
    """Tokens written by the model, 0 or more. Default: none."""

    cost_usd: float | None
    """Cost of the sample in US dollars, 0 or more. Default: none."""

    metadata: Mapping[str, Any] | None
    """Additional data of the client, at most 1 MiB encoded. Default: none."""

    created_at: datetime | None
    """When the sample was evaluated. Default: now. Not compared when the same evaluation is sent again without
    it.
    """

    def __init__(
        self,
        *,
        id: str = "",
        benchmark_id: str = "",
        sample_id: str = "",
        repetition: int = 0,
        provider: str = "",
        model: str = "",
        input: str = "",
        output: str | None = None,
        expected: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        score: float | None = None,
        error: str = "",
        latency_ms: float | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        created_at: datetime | None = None,
    ) -> None:
        self.id = id
        self.benchmark_id = benchmark_id
        self.sample_id = sample_id
        self.repetition = repetition
        self.provider = provider
        self.model = model
        self.input = input
        self.output = output
        self.expected = expected
        self.metrics = metrics
        self.score = score
        self.error = error
        self.latency_ms = latency_ms
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost_usd = cost_usd
        self.metadata = metadata
        self.created_at = created_at


class CreateBenchmarkResponse(Message):
    """Response of CreateBenchmark."""

    __slots__ = (
        "benchmark",
    )
    _fields = (
        ("benchmark", "benchmark", "message Benchmark"),
    )

    benchmark: Benchmark
    """The benchmark, with every field."""

    def __init__(
        self,
        *,
        benchmark: Benchmark | None = None,
    ) -> None:
        self.benchmark = Benchmark() if benchmark is None else benchmark


class GetBenchmarkResponse(Message):
    """Response of GetBenchmark."""

    __slots__ = (
        "benchmark",
    )
    _fields = (
        ("benchmark", "benchmark", "message Benchmark"),
    )

    benchmark: Benchmark
    """The benchmark, with every field."""

    def __init__(
        self,
        *,
        benchmark: Benchmark | None = None,
    ) -> None:
        self.benchmark = Benchmark() if benchmark is None else benchmark


class UpdateBenchmarkResponse(Message):
    """Response of UpdateBenchmark."""

    __slots__ = (
        "benchmark",
    )
    _fields = (
        ("benchmark", "benchmark", "message Benchmark"),
    )

    benchmark: Benchmark
    """The benchmark after the change, with every field."""

    def __init__(
        self,
        *,
        benchmark: Benchmark | None = None,
    ) -> None:
        self.benchmark = Benchmark() if benchmark is None else benchmark


class DeleteBenchmarkResponse(Message):
    """Response of DeleteBenchmark."""

    __slots__ = ()


class ListBenchmarksResponse(Message):
    """Response of ListBenchmarks."""

    __slots__ = (
        "benchmarks",
        "next_page_token",
    )
    _fields = (
        ("benchmarks", "benchmarks", "list message Benchmark"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    benchmarks: list[Benchmark]
    """One page of benchmarks."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        benchmarks: list[Benchmark] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.benchmarks = [] if benchmarks is None else benchmarks
        self.next_page_token = next_page_token


class CreateEvaluationResponse(Message):
    """Response of CreateEvaluation."""

    __slots__ = (
        "evaluation",
    )
    _fields = (
        ("evaluation", "evaluation", "message Evaluation"),
    )

    evaluation: Evaluation
    """The evaluation as stored, with every field."""

    def __init__(
        self,
        *,
        evaluation: Evaluation | None = None,
    ) -> None:
        self.evaluation = Evaluation() if evaluation is None else evaluation


class BatchCreateEvaluationsResponse(Message):
    """Response of BatchCreateEvaluations."""

    __slots__ = (
        "results",
    )
    _fields = (
        ("results", "results", "list message BatchCreateEvaluationsResult"),
    )

    results: list[BatchCreateEvaluationsResult]
    """One result for each evaluation of the request, in the same order."""

    def __init__(
        self,
        *,
        results: list[BatchCreateEvaluationsResult] | None = None,
    ) -> None:
        self.results = [] if results is None else results


class BatchCreateEvaluationsResult(Message):
    """The result of one item of BatchCreateEvaluations."""

    __slots__ = (
        "index",
        "id",
        "outcome",
        "field",
        "reason",
    )
    _fields = (
        ("index", "index", "int32"),
        ("id", "id", "plain"),
        ("outcome", "outcome", "enum EVALUATION_OUTCOME_"),
        ("field", "field", "plain"),
        ("reason", "reason", "plain"),
    )

    index: int
    """Position of the item in the request, from 0."""

    id: str
    """Id of the stored evaluation: the new one or, with DUPLICATE and CONFLICT, the one stored before. Empty
    when REJECTED.
    """

    outcome: EvaluationOutcome
    """Outcome of the item."""

    field: str
    """Name of the invalid field. Only when REJECTED."""

    reason: str
    """What is wrong, in words. Only when REJECTED or CONFLICT."""

    def __init__(
        self,
        *,
        index: int = 0,
        id: str = "",
        outcome: EvaluationOutcome = "UNSPECIFIED",
        field: str = "",
        reason: str = "",
    ) -> None:
        self.index = index
        self.id = id
        self.outcome = outcome
        self.field = field
        self.reason = reason


class BatchGetEvaluationsResponse(Message):
    """Response of BatchGetEvaluations."""

    __slots__ = (
        "evaluations",
        "missing_ids",
        "remaining_ids",
    )
    _fields = (
        ("evaluations", "evaluations", "list message Evaluation"),
        ("missing_ids", "missingIds", "list plain"),
        ("remaining_ids", "remainingIds", "list plain"),
    )

    evaluations: list[Evaluation]
    """The evaluations, in the order of the ids; at least one, if one is there."""

    missing_ids: list[str]
    """Ids of which there is no evaluation."""

    remaining_ids: list[str]
    """Ids of evaluations that are there and did not fit into this message. Ask for them again."""

    def __init__(
        self,
        *,
        evaluations: list[Evaluation] | None = None,
        missing_ids: list[str] | None = None,
        remaining_ids: list[str] | None = None,
    ) -> None:
        self.evaluations = [] if evaluations is None else evaluations
        self.missing_ids = [] if missing_ids is None else missing_ids
        self.remaining_ids = [] if remaining_ids is None else remaining_ids


class UpdateEvaluationResponse(Message):
    """Response of UpdateEvaluation."""

    __slots__ = (
        "evaluation",
    )
    _fields = (
        ("evaluation", "evaluation", "message Evaluation"),
    )

    evaluation: Evaluation
    """The evaluation after the change, with every field."""

    def __init__(
        self,
        *,
        evaluation: Evaluation | None = None,
    ) -> None:
        self.evaluation = Evaluation() if evaluation is None else evaluation


class StreamEvaluationsResponse(Message):
    """Response of StreamEvaluations. received = inserted + duplicates + conflicts + rejected."""

    __slots__ = (
        "received",
        "inserted",
        "duplicates",
        "conflicts",
        "rejected",
        "issues",
    )
    _fields = (
        ("received", "received", "int32"),
        ("inserted", "inserted", "int32"),
        ("duplicates", "duplicates", "int32"),
        ("conflicts", "conflicts", "int32"),
        ("rejected", "rejected", "int32"),
        ("issues", "issues", "list message StreamEvaluationsIssue"),
    )

    received: int
    """Evaluations received."""

    inserted: int
    """Evaluations stored as new rows."""

    duplicates: int
    """Evaluations that were stored before with the same content."""

    conflicts: int
    """Evaluations whose id or sample is stored with other content, which stays."""

    rejected: int
    """Invalid evaluations, not stored."""

    issues: list[StreamEvaluationsIssue]
    """Details of the first 100 conflicts and rejections."""

    def __init__(
        self,
        *,
        received: int = 0,
        inserted: int = 0,
        duplicates: int = 0,
        conflicts: int = 0,
        rejected: int = 0,
        issues: list[StreamEvaluationsIssue] | None = None,
    ) -> None:
        self.received = received
        self.inserted = inserted
        self.duplicates = duplicates
        self.conflicts = conflicts
        self.rejected = rejected
        self.issues = [] if issues is None else issues


class StreamEvaluationsIssue(Message):
    """An evaluation of a stream that was not stored."""

    __slots__ = (
        "index",
        "sample_id",
        "outcome",
        "field",
        "reason",
    )
    _fields = (
        ("index", "index", "int32"),
        ("sample_id", "sampleId", "plain"),
        ("outcome", "outcome", "enum EVALUATION_OUTCOME_"),
        ("field", "field", "plain"),
        ("reason", "reason", "plain"),
    )

    index: int
    """Position of the evaluation in the whole stream, from 0."""

    sample_id: str
    """Its sample_id. Empty when it had none."""

    outcome: EvaluationOutcome
    """CONFLICT or REJECTED."""

    field: str
    """Name of the invalid field. Only when REJECTED."""

    reason: str
    """What is wrong, in words."""

    def __init__(
        self,
        *,
        index: int = 0,
        sample_id: str = "",
        outcome: EvaluationOutcome = "UNSPECIFIED",
        field: str = "",
        reason: str = "",
    ) -> None:
        self.index = index
        self.sample_id = sample_id
        self.outcome = outcome
        self.field = field
        self.reason = reason


class GetEvaluationResponse(Message):
    """Response of GetEvaluation."""

    __slots__ = (
        "evaluation",
    )
    _fields = (
        ("evaluation", "evaluation", "message Evaluation"),
    )

    evaluation: Evaluation
    """The evaluation, with every field."""

    def __init__(
        self,
        *,
        evaluation: Evaluation | None = None,
    ) -> None:
        self.evaluation = Evaluation() if evaluation is None else evaluation


class DeleteEvaluationResponse(Message):
    """Response of DeleteEvaluation."""

    __slots__ = ()


class CleanupEvaluationsResponse(Message):
    """Response of CleanupEvaluations."""

    __slots__ = (
        "deleted",
        "more",
    )
    _fields = (
        ("deleted", "deleted", "int32"),
        ("more", "more", "plain"),
    )

    deleted: int
    """Number of evaluations deleted."""

    more: bool
    """True when the call ended before all matching evaluations were deleted: call again."""

    def __init__(
        self,
        *,
        deleted: int = 0,
        more: bool = False,
    ) -> None:
        self.deleted = deleted
        self.more = more


class ListEvaluationsResponse(Message):
    """Response of ListEvaluations."""

    __slots__ = (
        "evaluations",
        "next_page_token",
        "previous_page_token",
    )
    _fields = (
        ("evaluations", "evaluations", "list message Evaluation"),
        ("next_page_token", "nextPageToken", "plain"),
        ("previous_page_token", "previousPageToken", "plain"),
    )

    evaluations: list[Evaluation]
    """One page of evaluations."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    previous_page_token: str
    """Token of the page before. Empty on the first."""

    def __init__(
        self,
        *,
        evaluations: list[Evaluation] | None = None,
        next_page_token: str = "",
        previous_page_token: str = "",
    ) -> None:
        self.evaluations = [] if evaluations is None else evaluations
        self.next_page_token = next_page_token
        self.previous_page_token = previous_page_token


class ListFailureGroupsResponse(Message):
    """Response of ListFailureGroups."""

    __slots__ = (
        "groups",
        "groups_left_out",
        "failures_read",
        "more",
    )
    _fields = (
        ("groups", "groups", "list message FailureGroup"),
        ("groups_left_out", "groupsLeftOut", "int32"),
        ("failures_read", "failuresRead", "int32"),
        ("more", "more", "plain"),
    )

    groups: list[FailureGroup]
    """The groups, the largest first."""

    groups_left_out: int
    """Number of further groups, which are smaller."""

    failures_read: int
    """Number of failures that were looked at, the newest."""

    more: bool
    """True: 20000 were looked at, and there may be older ones."""

    def __init__(
        self,
        *,
        groups: list[FailureGroup] | None = None,
        groups_left_out: int = 0,
        failures_read: int = 0,
        more: bool = False,
    ) -> None:
        self.groups = [] if groups is None else groups
        self.groups_left_out = groups_left_out
        self.failures_read = failures_read
        self.more = more


class ExportEvaluationsResponse(Message):
    """One chunk of an export."""

    __slots__ = (
        "evaluations",
        "next_page_token",
    )
    _fields = (
        ("evaluations", "evaluations", "list message Evaluation"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    evaluations: list[Evaluation]
    """The next evaluations, oldest first. Chunks hold at most 500 evaluations or about 3 MiB."""

    next_page_token: str
    """Token to resume the export after this chunk. Empty on the last."""

    def __init__(
        self,
        *,
        evaluations: list[Evaluation] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.evaluations = [] if evaluations is None else evaluations
        self.next_page_token = next_page_token


class GetBenchmarkSummaryResponse(Message):
    """Response of GetBenchmarkSummary."""

    __slots__ = (
        "benchmark_id",
        "evaluation_count",
        "failed_count",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "metrics",
        "exact",
        "percentile_error",
        "metrics_left_out",
        "categories",
        "categories_left_out",
        "categories_read",
        "sample_count",
        "reducer",
        "k",
        "repetitions",
        "missing",
        "slices",
        "group_by",
        "cluster_by",
    )
    _fields = (
        ("benchmark_id", "benchmarkId", "plain"),
        ("evaluation_count", "evaluationCount", "int32"),
        ("failed_count", "failedCount", "int32"),
        ("input_tokens", "inputTokens", "int64"),
        ("output_tokens", "outputTokens", "int64"),
        ("cost_usd", "costUsd", "double"),
        ("metrics", "metrics", "list message MetricSummary"),
        ("exact", "exact", "plain"),
        ("percentile_error", "percentileError", "double"),
        ("metrics_left_out", "metricsLeftOut", "int32"),
        ("categories", "categories", "list message CategoryCounts"),
        ("categories_left_out", "categoriesLeftOut", "int32"),
        ("categories_read", "categoriesRead", "int32"),
        ("sample_count", "sampleCount", "int32"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("repetitions", "repetitions", "int32"),
        ("missing", "missing", "enum MISSING_"),
        ("slices", "slices", "list message MetricSlices"),
        ("group_by", "groupBy", "plain"),
        ("cluster_by", "clusterBy", "plain"),
    )

    benchmark_id: str
    """Id of the benchmark."""

    evaluation_count: int
    """Number of evaluations, failed ones included."""

    failed_count: int
    """Number of evaluations with an error."""

    input_tokens: int | None
    """Sum of the input tokens of all evaluations that tell them. Unset where none does: unknown is not 0."""

    output_tokens: int | None
    """Sum of the output tokens of all evaluations that tell them. Unset where none does."""

    cost_usd: float | None
    """Sum of the costs of all evaluations that tell them, in US dollars. Unset where none does."""

    metrics: list[MetricSummary]
    """One summary per metric: the built-in ones first, then the others by name."""

    exact: bool
    """True: every figure was computed from the evaluations. The request asked for that, or there are at most
    1,000 and their percentiles would not be exact otherwise, or there were no aggregates to read.
    Aggregates are missing for a while after an upgrade, and for metrics that are left out of them. They
    are not read where those asked for hold more than 250,000 ranges of different values.
    """

    percentile_error: float
    """Largest relative error of p50, p90, p95 and p99, for values from 1e-9 to 1e12 (or -1e12 to -1e-9): 0.01,
    or 0 if all percentiles of this answer are exact. They are if `exact`, of at most 100 different values,
    and where each range of 1 % about them holds one value, as of scores of 0 and 1, ratings or percentages;
    1 has a range of its own. A value nearer to zero than 1e-9 may be told as any other such value. After
    evaluations were deleted or scored again, these percentiles, min and max also have this error for a
    while.
    """

    metrics_left_out: int
    """Least number of metrics that are left out. Aggregates exist for at most 256 of a benchmark's own metrics,
    and for none whose name has more than 255 characters. 0 if `exact`.
    """

    categories: list[CategoryCounts]
    """Categories of the metrics that have any, by name: of at most 50, with names of at most 255 characters.
    Empty unless the request asked for categories.
    """

    categories_left_out: int
    """Number of further metrics with categories."""

    categories_read: int
    """Number of evaluations whose categories were counted: all, or the newest 250,000."""

    sample_count: int
    """Number of samples, those without a value of any metric included. Evaluations without a sample_id are
    samples of their own.
    """

    reducer: Reducer
    """How the repetitions of a sample became one value."""

    k: int
    """The k of the reducer; 0 if it has none."""

    repetitions: int
    """Number of evaluations that each sample is to have; 0 when not declared."""

    missing: Missing
    """What means do with samples that have no value, as far as the ranges of metrics are known."""

    slices: list[MetricSlices]
    """The groups of each metric of the request, which may name 20 then; without any, of "score". Empty unless
    the request has `group_by`.
    """

    group_by: str
    """The group_by of the request."""

    cluster_by: str
    """The cluster_by of the request."""

    def __init__(
        self,
        *,
        benchmark_id: str = "",
        evaluation_count: int = 0,
        failed_count: int = 0,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: float | None = None,
        metrics: list[MetricSummary] | None = None,
        exact: bool = False,
        percentile_error: float = 0.0,
        metrics_left_out: int = 0,
        categories: list[CategoryCounts] | None = None,
        categories_left_out: int = 0,
        categories_read: int = 0,
        sample_count: int = 0,
        reducer: Reducer = "UNSPECIFIED",
        k: int = 0,
        repetitions: int = 0,
        missing: Missing = "UNSPECIFIED",
        slices: list[MetricSlices] | None = None,
        group_by: str = "",
        cluster_by: str = "",
    ) -> None:
        self.benchmark_id = benchmark_id
        self.evaluation_count = evaluation_count
        self.failed_count = failed_count
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost_usd = cost_usd
        self.metrics = [] if metrics is None else metrics
        self.exact = exact
        self.percentile_error = percentile_error
        self.metrics_left_out = metrics_left_out
        self.categories = [] if categories is None else categories
        self.categories_left_out = categories_left_out
        self.categories_read = categories_read
        self.sample_count = sample_count
        self.reducer = reducer
        self.k = k
        self.repetitions = repetitions
        self.missing = missing
        self.slices = [] if slices is None else slices
        self.group_by = group_by
        self.cluster_by = cluster_by


class GetMetricHistogramResponse(Message):
    """Response of GetMetricHistogram."""

    __slots__ = (
        "metric",
        "edges",
        "values",
        "histograms",
        "exact",
    )
    _fields = (
        ("metric", "metric", "plain"),
        ("edges", "edges", "list double"),
        ("values", "values", "list double"),
        ("histograms", "histograms", "list message MetricHistogram"),
        ("exact", "exact", "plain"),
    )

    metric: str
    """Name of the metric."""

    edges: list[float]
    """Bounds of the bins, ascending, one more than there are bins. Bin i has the values from edges[i] on and
    below edges[i + 1]; the last has those at its end, too. Bins are equally wide, by 1, 2 or 5 times a power
    of ten, and begin and end at its multiples. Empty where no benchmark has a value.
    """

    values: list[float]
    """The different values, ascending, if there are at most 12 in all benchmarks together, such as 0 and 1;
    else empty.
    """

    histograms: list[MetricHistogram]
    """One for each benchmark, in the order of the request."""

    exact: bool
    """True: every count is exact. It is where no range of different values that the aggregates keep together
    lies on both sides of an edge, and always of at most 100 different values. Such ranges are about 1 %
    wide; else their values are taken to be spread evenly, and counts near an edge are about right.
    """

    def __init__(
        self,
        *,
        metric: str = "",
        edges: list[float] | None = None,
        values: list[float] | None = None,
        histograms: list[MetricHistogram] | None = None,
        exact: bool = False,
    ) -> None:
        self.metric = metric
        self.edges = [] if edges is None else edges
        self.values = [] if values is None else values
        self.histograms = [] if histograms is None else histograms
        self.exact = exact


class CompareBenchmarksResponse(Message):
    """Response of CompareBenchmarks."""

    __slots__ = (
        "baseline_id",
        "metric",
        "comparisons",
        "next_page_token",
        "lower_is_better",
        "reducer",
        "k",
        "cluster_by",
        "missing",
        "range_low",
        "range_high",
    )
    _fields = (
        ("baseline_id", "baselineId", "plain"),
        ("metric", "metric", "plain"),
        ("comparisons", "comparisons", "list message BenchmarkComparison"),
        ("next_page_token", "nextPageToken", "plain"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("cluster_by", "clusterBy", "plain"),
        ("missing", "missing", "enum MISSING_"),
        ("range_low", "rangeLow", "double"),
        ("range_high", "rangeHigh", "double"),
    )

    baseline_id: str
    """Id of the baseline."""

    metric: str
    """The metric compared."""

    comparisons: list[BenchmarkComparison]
    """One comparison per candidate, in the order of the request. Every page repeats the figures."""

    next_page_token: str
    """Token of the next page of samples. Empty when no list has more."""

    lower_is_better: bool
    """Whether lower values count as better here."""

    reducer: Reducer
    """How the repetitions of a sample became one value."""

    k: int
    """The k of the reducer; 0 if it has none."""

    cluster_by: str
    """The cluster_by of the request."""

    missing: Missing
    """What the comparison does with samples that have no value."""

    range_low: float | None
    """The least value that the metric is taken to have. Unset where it is not known."""

    range_high: float | None
    """The greatest value that the metric is taken to have. Unset where it is not known."""

    def __init__(
        self,
        *,
        baseline_id: str = "",
        metric: str = "",
        comparisons: list[BenchmarkComparison] | None = None,
        next_page_token: str = "",
        lower_is_better: bool = False,
        reducer: Reducer = "UNSPECIFIED",
        k: int = 0,
        cluster_by: str = "",
        missing: Missing = "UNSPECIFIED",
        range_low: float | None = None,
        range_high: float | None = None,
    ) -> None:
        self.baseline_id = baseline_id
        self.metric = metric
        self.comparisons = [] if comparisons is None else comparisons
        self.next_page_token = next_page_token
        self.lower_is_better = lower_is_better
        self.reducer = reducer
        self.k = k
        self.cluster_by = cluster_by
        self.missing = missing
        self.range_low = range_low
        self.range_high = range_high


class ListComparedSamplesResponse(Message):
    """Response of ListComparedSamples."""

    __slots__ = (
        "samples",
        "next_page_token",
    )
    _fields = (
        ("samples", "samples", "list message ComparedSample"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    samples: list[ComparedSample]
    """One page of samples."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        samples: list[ComparedSample] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.samples = [] if samples is None else samples
        self.next_page_token = next_page_token


class GetLeaderboardResponse(Message):
    """Response of GetLeaderboard."""

    __slots__ = (
        "entries",
        "next_page_token",
        "total_count",
        "pending_count",
        "lower_is_better",
        "reducer",
        "k",
        "inputs_reference_id",
        "missing",
        "range_low",
        "range_high",
        "unscored_count",
        "below_minimum_count",
    )
    _fields = (
        ("entries", "entries", "list message LeaderboardEntry"),
        ("next_page_token", "nextPageToken", "plain"),
        ("total_count", "totalCount", "int32"),
        ("pending_count", "pendingCount", "int32"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("inputs_reference_id", "inputsReferenceId", "plain"),
        ("missing", "missing", "enum MISSING_"),
        ("range_low", "rangeLow", "double"),
        ("range_high", "rangeHigh", "double"),
        ("unscored_count", "unscoredCount", "int32"),
        ("below_minimum_count", "belowMinimumCount", "int32"),
    )

    entries: list[LeaderboardEntry]
    """One page of entries, best first; ties by benchmark id. Ranks count all entries that match, not only those
    of the page.
    """

    next_page_token: str
    """Token of the next page. Empty on the last."""

    total_count: int
    """Number of entries that match, on all pages."""

    pending_count: int
    """Number of benchmarks that match the filters but are left out for now. Either their figures are still
    being computed from their evaluations, as after an upgrade or a restore of a backup, and while more than
    20,000 samples with repetitions have just changed; or they are being deleted.
    """

    lower_is_better: bool
    """Whether the lowest mean ranks first here."""

    reducer: Reducer
    """How the repetitions of a sample became one value."""

    k: int
    """The k of the reducer; 0 if it has none."""

    inputs_reference_id: str
    """Id of the benchmark with whose inputs and expected answers those of the entries were compared: of those
    on the first page that most of its entries share, the entry with the most samples. All pages have the
    same. Empty if no entry has samples with a sample_id.
    """

    missing: Missing
    """What means do with samples that have no value."""

    range_low: float | None
    """The least value that the metric is taken to have. Unset where it is not known."""

    range_high: float | None
    """The greatest value that the metric is taken to have. Unset where it is not known."""

    unscored_count: int
    """Number of benchmarks that match the filters and have no value of the metric, or none that the reducer
    makes. They are not ranked. min_count and min_coverage do not matter to it.
    """

    below_minimum_count: int
    """Number of benchmarks that match the filters and have values, but fewer than min_count or min_coverage ask
    for. They are not ranked.
    """

    def __init__(
        self,
        *,
        entries: list[LeaderboardEntry] | None = None,
        next_page_token: str = "",
        total_count: int = 0,
        pending_count: int = 0,
        lower_is_better: bool = False,
        reducer: Reducer = "UNSPECIFIED",
        k: int = 0,
        inputs_reference_id: str = "",
        missing: Missing = "UNSPECIFIED",
        range_low: float | None = None,
        range_high: float | None = None,
        unscored_count: int = 0,
        below_minimum_count: int = 0,
    ) -> None:
        self.entries = [] if entries is None else entries
        self.next_page_token = next_page_token
        self.total_count = total_count
        self.pending_count = pending_count
        self.lower_is_better = lower_is_better
        self.reducer = reducer
        self.k = k
        self.inputs_reference_id = inputs_reference_id
        self.missing = missing
        self.range_low = range_low
        self.range_high = range_high
        self.unscored_count = unscored_count
        self.below_minimum_count = below_minimum_count


class GetMetricHistoryResponse(Message):
    """Response of GetMetricHistory."""

    __slots__ = (
        "runs",
        "next_page_token",
        "pending_count",
        "lower_is_better",
        "baseline",
        "reducer",
        "k",
        "inputs_reference_id",
        "range_low",
        "range_high",
        "unscored_count",
    )
    _fields = (
        ("runs", "runs", "list message MetricRun"),
        ("next_page_token", "nextPageToken", "plain"),
        ("pending_count", "pendingCount", "int32"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("baseline", "baseline", "message MetricRun"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("inputs_reference_id", "inputsReferenceId", "plain"),
        ("range_low", "rangeLow", "double"),
        ("range_high", "rangeHigh", "double"),
        ("unscored_count", "unscoredCount", "int32"),
    )

    runs: list[MetricRun]
    """One page of runs, oldest first; those of one moment by id."""

    next_page_token: str
    """Token of the next page, which has older runs. Empty on the last."""

    pending_count: int
    """Number of benchmarks that match the filters but are left out for now, as in GetLeaderboardResponse."""

    lower_is_better: bool
    """Whether lower values count as better here."""

    baseline: MetricRun | None
    """The benchmark that since_baseline is about, without changes of its own. Unset when it has no value of the
    metric, or its figures are still being computed.
    """

    reducer: Reducer
    """How the repetitions of a sample became one value."""

    k: int
    """The k of the reducer; 0 if it has none."""

    inputs_reference_id: str
    """Id of the benchmark with whose inputs and expected answers those of the runs were compared: the baseline
    or, if that has no samples with a sample_id, the run with the inputs that most runs of the response
    share. Empty if no run has samples with a sample_id.
    """

    range_low: float | None
    """The least value that the metric is taken to have. Unset where it is not known."""

    range_high: float | None
    """The greatest value that the metric is taken to have. Unset where it is not known."""

    unscored_count: int
    """Number of benchmarks that match the filters and have no value of the metric, or none that the reducer
    makes, such as a run of which every sample failed: those newer than the oldest run of the response, or on
    the last page all, and older than the page before. 1000 at most.
    """

    def __init__(
        self,
        *,
        runs: list[MetricRun] | None = None,
        next_page_token: str = "",
        pending_count: int = 0,
        lower_is_better: bool = False,
        baseline: MetricRun | None = None,
        reducer: Reducer = "UNSPECIFIED",
        k: int = 0,
        inputs_reference_id: str = "",
        range_low: float | None = None,
        range_high: float | None = None,
        unscored_count: int = 0,
    ) -> None:
        self.runs = [] if runs is None else runs
        self.next_page_token = next_page_token
        self.pending_count = pending_count
        self.lower_is_better = lower_is_better
        self.baseline = baseline
        self.reducer = reducer
        self.k = k
        self.inputs_reference_id = inputs_reference_id
        self.range_low = range_low
        self.range_high = range_high
        self.unscored_count = unscored_count


class SetBaselineResponse(Message):
    """Response of SetBaseline."""

    __slots__ = (
        "baseline",
    )
    _fields = (
        ("baseline", "baseline", "message Baseline"),
    )

    baseline: Baseline
    """The baseline as it is now."""

    def __init__(
        self,
        *,
        baseline: Baseline | None = None,
    ) -> None:
        self.baseline = Baseline() if baseline is None else baseline


class GetBaselineResponse(Message):
    """Response of GetBaseline."""

    __slots__ = (
        "baseline",
    )
    _fields = (
        ("baseline", "baseline", "message Baseline"),
    )

    baseline: Baseline
    """The baseline."""

    def __init__(
        self,
        *,
        baseline: Baseline | None = None,
    ) -> None:
        self.baseline = Baseline() if baseline is None else baseline


class ListBaselinesResponse(Message):
    """Response of ListBaselines."""

    __slots__ = (
        "baselines",
        "next_page_token",
    )
    _fields = (
        ("baselines", "baselines", "list message Baseline"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    baselines: list[Baseline]
    """One page of baselines."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        baselines: list[Baseline] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.baselines = [] if baselines is None else baselines
        self.next_page_token = next_page_token


class UnsetBaselineResponse(Message):
    """Response of UnsetBaseline."""

    __slots__ = ()


class ListDatasetsResponse(Message):
    """Response of ListDatasets."""

    __slots__ = (
        "datasets",
        "next_page_token",
    )
    _fields = (
        ("datasets", "datasets", "list message Dataset"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    datasets: list[Dataset]
    """One page of datasets."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        datasets: list[Dataset] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.datasets = [] if datasets is None else datasets
        self.next_page_token = next_page_token


class ListBenchmarkFieldValuesResponse(Message):
    """Response of ListBenchmarkFieldValues."""

    __slots__ = (
        "values",
        "more",
    )
    _fields = (
        ("values", "values", "list plain"),
        ("more", "more", "plain"),
    )

    values: list[str]
    """The values in order, each once."""

    more: bool
    """True: there are more, or only the first 10000 were looked at."""

    def __init__(
        self,
        *,
        values: list[str] | None = None,
        more: bool = False,
    ) -> None:
        self.values = [] if values is None else values
        self.more = more


class WatchBenchmarksResponse(Message):
    """One message of a watch."""

    __slots__ = (
        "cursor",
        "benchmark",
        "deleted",
        "mean_score",
    )
    _fields = (
        ("cursor", "cursor", "plain"),
        ("benchmark", "benchmark", "message Benchmark"),
        ("deleted", "deleted", "plain"),
        ("mean_score", "meanScore", "double"),
    )

    cursor: str
    """Position in the stream of changes, to resume after this message."""

    benchmark: Benchmark | None
    """The benchmark after the change, in the BASIC view. Unset in a message that only moves the cursor. Such a
    message is sent as soon as the watch is in place, and after every 15 s of silence.
    """

    deleted: bool
    """True: the benchmark was deleted, and `benchmark` has only the fields that are still known, at least the
    id. The others are no longer known, so a watch with status, provider, dataset or labels receives every
    deletion. A watch with ids receives only theirs.
    """

    mean_score: float | None
    """Mean score over the samples stored so far, as in MetricSummary.mean by reducer MEAN. In a benchmark
    without repetitions each evaluation is a sample. Unset when none has a score, and while it is not known:
    its aggregates are still to be computed, as after a restore of a backup, it has just turned out to have
    repetitions, or more than 20,000 samples with repetitions have changed within the last second or so.
    """

    def __init__(
        self,
        *,
        cursor: str = "",
        benchmark: Benchmark | None = None,
        deleted: bool = False,
        mean_score: float | None = None,
    ) -> None:
        self.cursor = cursor
        self.benchmark = benchmark
        self.deleted = deleted
        self.mean_score = mean_score


class Job(Message):
    """A unit of work in the queue."""

    __slots__ = (
        "id",
        "job_type",
        "payload",
        "priority",
        "status",
        "result",
        "error",
        "retry_count",
        "max_retries",
        "timeout_seconds",
        "assigned_worker_id",
        "required_tags",
        "run_at",
        "benchmark_id",
        "limit_key",
        "unique_key",
        "metadata",
        "progress",
        "progress_message",
        "epoch",
        "started_at",
        "completed_at",
        "created_at",
        "updated_at",
        "created_by",
        "version",
        "attempts",
        "snooze_count",
        "max_snoozes",
        "start_by",
        "fair_key",
        "fair_weight",
        "depends_on",
        "on_dependency_failure",
        "waits_for",
        "tokens",
    )
    _fields = (
        ("id", "id", "plain"),
        ("job_type", "jobType", "plain"),
        ("payload", "payload", "document"),
        ("priority", "priority", "int32"),
        ("status", "status", "enum JOB_STATUS_"),
        ("result", "result", "document"),
        ("error", "error", "plain"),
        ("retry_count", "retryCount", "int32"),
        ("max_retries", "maxRetries", "int32"),
        ("timeout_seconds", "timeoutSeconds", "int32"),
        ("assigned_worker_id", "assignedWorkerId", "plain"),
        ("required_tags", "requiredTags", "list plain"),
        ("run_at", "runAt", "timestamp"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("limit_key", "limitKey", "plain"),
        ("unique_key", "uniqueKey", "plain"),
        ("metadata", "metadata", "document"),
        ("progress", "progress", "double"),
        ("progress_message", "progressMessage", "plain"),
        ("epoch", "epoch", "int32"),
        ("started_at", "startedAt", "timestamp"),
        ("completed_at", "completedAt", "timestamp"),
        ("created_at", "createdAt", "timestamp"),
        ("updated_at", "updatedAt", "timestamp"),
        ("created_by", "createdBy", "plain"),
        ("version", "version", "int32"),
        ("attempts", "attempts", "list message JobAttempt"),
        ("snooze_count", "snoozeCount", "int32"),
        ("max_snoozes", "maxSnoozes", "int32"),
        ("start_by", "startBy", "timestamp"),
        ("fair_key", "fairKey", "plain"),
        ("fair_weight", "fairWeight", "double"),
        ("depends_on", "dependsOn", "list plain"),
        ("on_dependency_failure", "onDependencyFailure", "enum DEPENDENCY_FAILURE_"),
        ("waits_for", "waitsFor", "int32"),
        ("tokens", "tokens", "int32"),
    )

    id: str
    """Identifier: a UUID, made by the service (UUIDv7) or given on create."""

    job_type: str
    """Kind of work, which decides the workers that may claim it. 1 to 100 characters."""

    payload: dict[str, Any]
    """Input for the worker, at most 1 MiB encoded. Not returned in the BASIC view."""

    priority: int
    """Priority: higher is claimed first. May be negative."""

    status: JobStatus
    """Current state."""

    result: Any
    """Output of the worker: any JSON, at most 1 MiB encoded. Unset until completed. Not returned in the BASIC
    view.
    """

    error: str
    """Last error, or the reason of the cancellation. At most 64 KiB; empty when there is none."""

    retry_count: int
    """Number of retries used: attempts that failed, timed out, expired, were released for more than the tenth
    time, or given back for later more often than max_snoozes, since creation or the last RetryJob.
    """

    max_retries: int
    """Number of retries allowed, 0 to 100. With retry_count at this number the next failure is final."""

    timeout_seconds: int
    """Longest time one attempt may run, in seconds, 0 to 604800. 0: no limit."""

    assigned_worker_id: str
    """worker_id of the worker that holds or last held the job. Empty before the first claim."""

    required_tags: list[str]
    """Tags a worker must have to claim the job, all of them. At most 64, of 1 to 100 characters."""

    run_at: datetime | None
    """Not claimed before this time. Unset: at once."""

    benchmark_id: str
    """Id of the benchmark that the job works for. Empty when there is none."""

    limit_key: str
    """Key of the limit that the job counts against, for example "openai/gpt-4". At most 255 characters; empty:
    none.
    """

    unique_key: str
    """Key that only one pending or running job of the type may have, whoever created it. At most 255
    characters; empty: none.
    """

    metadata: dict[str, Any]
    """Additional data of the client, at most 1 MiB encoded. Not returned in the BASIC view."""

    progress: float
    """Progress of the current attempt, 0 to 1."""

    progress_message: str
    """Latest progress message of the worker, at most 1024 characters."""

    epoch: int
    """Fencing number. It grows whenever a lease is granted or taken back or the job is retried, and never
    falls. 0 before the first claim.
    """

    started_at: datetime | None
    """When the latest attempt started. Unset before the first."""

    completed_at: datetime | None
    """When the job entered a final status. Unset until then."""

    created_at: datetime
    """When the job was created."""

    updated_at: datetime
    """When the job last changed its status, progress or retries. Renewals of its lease do not move it."""

    created_by: str
    """Id of the user who created it. Empty when unknown."""

    version: int
    """Revision of the job: 1 on create, higher after each change of its status. Progress does not move it."""

    attempts: list[JobAttempt]
    """The latest 100 attempts, oldest first; a running one is last. Only returned by GetJob."""

    snooze_count: int
    """How often workers gave the job back for later, since creation or the last RetryJob."""

    max_snoozes: int
    """How often they may at no cost of a retry, 0 to 10,000."""

    start_by: datetime | None
    """The job is cancelled if no worker has started it by then. Unset: it waits for as long as it takes."""

    fair_key: str
    """Jobs of different keys take turns: see NewJob.fair_key. Empty: none."""

    fair_weight: float
    """A job of weight 2 takes half a turn."""

    depends_on: list[str]
    """Ids of the jobs that it was created to run after, ended or not; at most 1,000."""

    on_dependency_failure: DependencyFailure
    """What becomes of it when one of these does not complete."""

    waits_for: int
    """So many of depends_on it still waits for. While it does, it is pending and not in line. 0: for none."""

    tokens: int
    """The tokens that an attempt is estimated to use, for JobLimit.tokens_per_minute. 0: not said."""

    def __init__(
        self,
        *,
        id: str = "",
        job_type: str = "",
        payload: dict[str, Any] | None = None,
        priority: int = 0,
        status: JobStatus = "UNSPECIFIED",
        result: Any = None,
        error: str = "",
        retry_count: int = 0,
        max_retries: int = 0,
        timeout_seconds: int = 0,
        assigned_worker_id: str = "",
        required_tags: list[str] | None = None,
        run_at: datetime | None = None,
        benchmark_id: str = "",
        limit_key: str = "",
        unique_key: str = "",
        metadata: dict[str, Any] | None = None,
        progress: float = 0.0,
        progress_message: str = "",
        epoch: int = 0,
        started_at: datetime | None = None,
        completed_at: datetime | None = None,
        created_at: datetime = EPOCH,
        updated_at: datetime = EPOCH,
        created_by: str = "",
        version: int = 0,
        attempts: list[JobAttempt] | None = None,
        snooze_count: int = 0,
        max_snoozes: int = 0,
        start_by: datetime | None = None,
        fair_key: str = "",
        fair_weight: float = 0.0,
        depends_on: list[str] | None = None,
        on_dependency_failure: DependencyFailure = "UNSPECIFIED",
        waits_for: int = 0,
        tokens: int = 0,
    ) -> None:
        self.id = id
        self.job_type = job_type
        self.payload = {} if payload is None else payload
        self.priority = priority
        self.status = status
        self.result = result
        self.error = error
        self.retry_count = retry_count
        self.max_retries = max_retries
        self.timeout_seconds = timeout_seconds
        self.assigned_worker_id = assigned_worker_id
        self.required_tags = [] if required_tags is None else required_tags
        self.run_at = run_at
        self.benchmark_id = benchmark_id
        self.limit_key = limit_key
        self.unique_key = unique_key
        self.metadata = {} if metadata is None else metadata
        self.progress = progress
        self.progress_message = progress_message
        self.epoch = epoch
        self.started_at = started_at
        self.completed_at = completed_at
        self.created_at = created_at
        self.updated_at = updated_at
        self.created_by = created_by
        self.version = version
        self.attempts = [] if attempts is None else attempts
        self.snooze_count = snooze_count
        self.max_snoozes = max_snoozes
        self.start_by = start_by
        self.fair_key = fair_key
        self.fair_weight = fair_weight
        self.depends_on = [] if depends_on is None else depends_on
        self.on_dependency_failure = on_dependency_failure
        self.waits_for = waits_for
        self.tokens = tokens


class NewJob(Message):
    """A job to be created."""

    __slots__ = (
        "id",
        "job_type",
        "payload",
        "priority",
        "max_retries",
        "timeout_seconds",
        "required_tags",
        "run_at",
        "benchmark_id",
        "limit_key",
        "metadata",
        "unique_key",
        "delay",
        "max_snoozes",
        "start_within",
        "fair_key",
        "fair_weight",
        "on_unique_conflict",
        "depends_on",
        "on_dependency_failure",
        "tokens",
    )
    _fields = (
        ("id", "id", "plain"),
        ("job_type", "jobType", "plain"),
        ("payload", "payload", "document"),
        ("priority", "priority", "int32"),
        ("max_retries", "maxRetries", "int32"),
        ("timeout_seconds", "timeoutSeconds", "int32"),
        ("required_tags", "requiredTags", "list plain"),
        ("run_at", "runAt", "timestamp"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("limit_key", "limitKey", "plain"),
        ("metadata", "metadata", "document"),
        ("unique_key", "uniqueKey", "plain"),
        ("delay", "delay", "duration"),
        ("max_snoozes", "maxSnoozes", "int32"),
        ("start_within", "startWithin", "duration"),
        ("fair_key", "fairKey", "plain"),
        ("fair_weight", "fairWeight", "double"),
        ("on_unique_conflict", "onUniqueConflict", "enum UNIQUE_CONFLICT_"),
        ("depends_on", "dependsOn", "list plain"),
        ("on_dependency_failure", "onDependencyFailure", "enum DEPENDENCY_FAILURE_"),
        ("tokens", "tokens", "int32"),
    )

    id: str
    """Identifier: a UUID. Default: a UUIDv7 made by the service."""

    job_type: str
    """Kind of work, 1 to 100 characters. Required."""

    payload: Mapping[str, Any] | None
    """Input for the worker, at most 1 MiB encoded. Default: empty."""

    priority: int
    """Priority: higher is claimed first. Default: 0."""

    max_retries: int | None
    """Number of retries allowed, 0 to 100. Default: 3."""

    timeout_seconds: int | None
    """Longest time one attempt may run, in seconds, 0 to 604800; 0: no limit. Default: 300."""

    required_tags: Sequence[str]
    """Tags a worker must have, all of them. At most 64, of 1 to 100 characters. Default: none."""

    run_at: datetime | None
    """Not claimed before this time. Default: at once. See delay for a time from now."""

    benchmark_id: str
    """Id of the benchmark that the job works for, which must exist. Default: none."""

    limit_key: str
    """Key of the limit that the job counts against, at most 255 characters. Default: none. Jobs may wait in at
    most 5,000 combinations of job_type, required_tags and limit_key; more are refused: TOO_MANY_LANES.
    """

    metadata: Mapping[str, Any] | None
    """Additional data of the client, at most 1 MiB encoded. Default: none."""

    unique_key: str
    """Key that only one pending or running job of the type may have, at most 255 characters. Default: none."""

    delay: timedelta | float | None
    """Not claimed before this time has passed by the database's clock, 0 s to 100 years; Job.run_at tells when
    that is. Refused together with run_at. Default: at once.
    """

    max_snoozes: int | None
    """How often workers may give the job back for later at no cost of a retry, 0 to 10,000. Default: 1,000."""

    start_within: timedelta | float | None
    """The job is cancelled, with that reason as its error, if no worker has started it within this time, by the
    database's clock and to half a second: since its creation, or since it was due for the first time; 1 s to
    100 years. Job.start_by tells when that is. Default: it waits for as long as it takes.
    """

    fair_key: str
    """Jobs of different keys take turns, where they are of the same job_type, required_tags, limit_key and
    priority: each key has one start a round, however many jobs wait. At most 255 characters. Jobs without a
    key take turns as if they had one in common. Default: none or, if LTB_JOBS_FAIR_BY says so, the id of the
    job's benchmark or of the user who creates it.
    """

    fair_weight: float | None
    """How much of a start in a round the job is due, 0.01 to 100: of weight 2, jobs take half a turn each, and
    two start for one of weight 1. Default: 1.
    """

    on_unique_conflict: UniqueConflict
    """What happens where another live job has the unique_key. Default: REFUSE. Others need a unique_key."""

    depends_on: Sequence[str]
    """Ids of jobs that it runs after, at most 1,000: they exist or, in a batch, stand earlier in it with an id.
    It is pending until all of them have ended. An unknown one is refused: NOT_FOUND. Default: none.
    """

    on_dependency_failure: DependencyFailure
    """What becomes of it when one of these fails, or is cancelled or deleted while it waits, also if that was
    before it was created. Default: it is cancelled too. RetryJob of one that failed brings back none that
    was cancelled with it; what is retried itself waits for nothing.
    """

    tokens: int
    """The tokens that an attempt is estimated to use, 0 to 1000000000, for JobLimit.tokens_per_minute. More
    than the limit of limit_key allows in a minute is refused. Default: 0.
    """

    def __init__(
        self,
        *,
        id: str = "",
        job_type: str = "",
        payload: Mapping[str, Any] | None = None,
        priority: int = 0,
        max_retries: int | None = None,
        timeout_seconds: int | None = None,
        required_tags: Sequence[str] | None = None,
        run_at: datetime | None = None,
        benchmark_id: str = "",
        limit_key: str = "",
        metadata: Mapping[str, Any] | None = None,
        unique_key: str = "",
        delay: timedelta | float | None = None,
        max_snoozes: int | None = None,
        start_within: timedelta | float | None = None,
        fair_key: str = "",
        fair_weight: float | None = None,
        on_unique_conflict: UniqueConflict = "UNSPECIFIED",
        depends_on: Sequence[str] | None = None,
        on_dependency_failure: DependencyFailure = "UNSPECIFIED",
        tokens: int = 0,
    ) -> None:
        self.id = id
        self.job_type = job_type
        self.payload = payload
        self.priority = priority
        self.max_retries = max_retries
        self.timeout_seconds = timeout_seconds
        self.required_tags = [] if required_tags is None else required_tags
        self.run_at = run_at
        self.benchmark_id = benchmark_id
        self.limit_key = limit_key
        self.metadata = metadata
        self.unique_key = unique_key
        self.delay = delay
        self.max_snoozes = max_snoozes
        self.start_within = start_within
        self.fair_key = fair_key
        self.fair_weight = fair_weight
        self.on_unique_conflict = on_unique_conflict
        self.depends_on = [] if depends_on is None else depends_on
        self.on_dependency_failure = on_dependency_failure
        self.tokens = tokens


class JobAttempt(Message):
    """One run of a job by a worker."""

    __slots__ = (
        "epoch",
        "attempt",
        "worker_id",
        "started_at",
        "ended_at",
        "outcome",
        "error",
        "tokens_used",
    )
    _fields = (
        ("epoch", "epoch", "int32"),
        ("attempt", "attempt", "int32"),
        ("worker_id", "workerId", "plain"),
        ("started_at", "startedAt", "timestamp"),
        ("ended_at", "endedAt", "timestamp"),
        ("outcome", "outcome", "enum JOB_ATTEMPT_OUTCOME_"),
        ("error", "error", "plain"),
        ("tokens_used", "tokensUsed", "int32"),
    )

    epoch: int
    """Epoch of the lease that the attempt ran under. Unique within the job."""

    attempt: int
    """Number of the attempt: retry_count + 1 when it started. Begins at 1 again after RetryJob, and repeats
    after a release.
    """

    worker_id: str
    """worker_id of the worker that ran it."""

    started_at: datetime
    """When the job was claimed."""

    ended_at: datetime | None
    """When the attempt ended. Unset while it runs."""

    outcome: JobAttemptOutcome
    """How it ended."""

    error: str
    """The first 2,048 characters of the attempt's error. The job's `error` has the last one whole. Empty when
    there is none.
    """

    tokens_used: int | None
    """The tokens that the worker says it used. Unset: it did not say."""

    def __init__(
        self,
        *,
        epoch: int = 0,
        attempt: int = 0,
        worker_id: str = "",
        started_at: datetime = EPOCH,
        ended_at: datetime | None = None,
        outcome: JobAttemptOutcome = "UNSPECIFIED",
        error: str = "",
        tokens_used: int | None = None,
    ) -> None:
        self.epoch = epoch
        self.attempt = attempt
        self.worker_id = worker_id
        self.started_at = started_at
        self.ended_at = ended_at
        self.outcome = outcome
        self.error = error
        self.tokens_used = tokens_used


class Lease(Message):
    """The right of one worker to run one job for a limited time."""

    __slots__ = (
        "job",
        "epoch",
        "attempt",
        "expires_in",
        "deadline_in",
    )
    _fields = (
        ("job", "job", "message Job"),
        ("epoch", "epoch", "int32"),
        ("attempt", "attempt", "int32"),
        ("expires_in", "expiresIn", "duration"),
        ("deadline_in", "deadlineIn", "duration"),
    )

    job: Job
    """The job, with every field but attempts."""

    epoch: int
    """Epoch of the lease. The worker sends it back with every complete, fail, release, progress and heartbeat
    of the job.
    """

    attempt: int
    """Number of the attempt: retry_count + 1."""

    expires_in: timedelta
    """Time left until the lease expires unless it is renewed, measured when the answer was made."""

    deadline_in: timedelta | None
    """Time left until the attempt fails by timeout_seconds, even if the lease is renewed. Unset when the job
    has no timeout.
    """

    def __init__(
        self,
        *,
        job: Job | None = None,
        epoch: int = 0,
        attempt: int = 0,
        expires_in: timedelta | None = None,
        deadline_in: timedelta | None = None,
    ) -> None:
        self.job = Job() if job is None else job
        self.epoch = epoch
        self.attempt = attempt
        self.expires_in = timedelta() if expires_in is None else expires_in
        self.deadline_in = deadline_in


class LeaseRef(Message):
    """Identifies a lease: a job and the epoch that it was claimed with."""

    __slots__ = (
        "job_id",
        "epoch",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("epoch", "epoch", "int32"),
    )

    job_id: str
    """Id of the job."""

    epoch: int
    """Epoch of the lease."""

    def __init__(
        self,
        *,
        job_id: str = "",
        epoch: int = 0,
    ) -> None:
        self.job_id = job_id
        self.epoch = epoch


class JobLimit(Message):
    """Limit on the jobs that share a limit_key, such as a provider's quota."""

    __slots__ = (
        "limit_key",
        "max_running",
        "per_minute",
        "running",
        "updated_at",
        "tokens_per_minute",
        "started_last_minute",
        "tokens_last_minute",
        "more_at",
    )
    _fields = (
        ("limit_key", "limitKey", "plain"),
        ("max_running", "maxRunning", "int32"),
        ("per_minute", "perMinute", "int32"),
        ("running", "running", "int32"),
        ("updated_at", "updatedAt", "timestamp"),
        ("tokens_per_minute", "tokensPerMinute", "int32"),
        ("started_last_minute", "startedLastMinute", "int32"),
        ("tokens_last_minute", "tokensLastMinute", "int64"),
        ("more_at", "moreAt", "timestamp"),
    )

    limit_key: str
    """The key, 1 to 255 characters."""

    max_running: int | None
    """Most jobs running at the same time. Unset: no limit. 0: none starts."""

    per_minute: int | None
    """Most jobs started in a minute, those from before it was set included. Unset: no limit. 0: none starts."""

    running: int
    """Jobs of the key running now."""

    updated_at: datetime
    """When the limit was last set."""

    tokens_per_minute: int | None
    """Most tokens that the jobs started in a minute are estimated to use, over all servers, by the database's
    clock. Jobs start in their order as far as they fit: one that does not holds up those after it. When an
    attempt ends that tells what it used, the difference is settled: what is beyond the estimate counts from
    then on for a minute, and what was left counts no longer. A job that is estimated to use more, as the
    limit was lowered since, starts once nothing else counts. Unset: no limit. 0: none starts that has an
    estimate.
    """

    started_last_minute: int
    """Jobs of the key that started in the last minute."""

    tokens_last_minute: int
    """Tokens that count of them, as estimated or, where that is known, as used."""

    more_at: datetime | None
    """When the first of these starts no longer counts. Unset: none does."""

    def __init__(
        self,
        *,
        limit_key: str = "",
        max_running: int | None = None,
        per_minute: int | None = None,
        running: int = 0,
        updated_at: datetime = EPOCH,
        tokens_per_minute: int | None = None,
        started_last_minute: int = 0,
        tokens_last_minute: int = 0,
        more_at: datetime | None = None,
    ) -> None:
        self.limit_key = limit_key
        self.max_running = max_running
        self.per_minute = per_minute
        self.running = running
        self.updated_at = updated_at
        self.tokens_per_minute = tokens_per_minute
        self.started_last_minute = started_last_minute
        self.tokens_last_minute = tokens_last_minute
        self.more_at = more_at


class JobPause(Message):
    """A pause, by PauseJobs: none of the jobs is claimed that have this job type and this limit key."""

    __slots__ = (
        "job_type",
        "limit_key",
        "created_at",
        "created_by",
        "ends_at",
    )
    _fields = (
        ("job_type", "jobType", "plain"),
        ("limit_key", "limitKey", "plain"),
        ("created_at", "createdAt", "timestamp"),
        ("created_by", "createdBy", "plain"),
        ("ends_at", "endsAt", "timestamp"),
    )

    job_type: str
    """Job type that is paused. Empty: any."""

    limit_key: str
    """Limit key that is paused. Empty: any, and none."""

    created_at: datetime
    """When it began."""

    created_by: str
    """Id of the user who paused. Empty when unknown."""

    ends_at: datetime | None
    """When it ends by itself. Unset: it lasts until ResumeJobs."""

    def __init__(
        self,
        *,
        job_type: str = "",
        limit_key: str = "",
        created_at: datetime = EPOCH,
        created_by: str = "",
        ends_at: datetime | None = None,
    ) -> None:
        self.job_type = job_type
        self.limit_key = limit_key
        self.created_at = created_at
        self.created_by = created_by
        self.ends_at = ends_at


class JobLane(Message):
    """A lane of the queue: the jobs that share job type, required tags and limit key."""

    __slots__ = (
        "job_type",
        "required_tags",
        "limit_key",
        "paused",
        "ready",
        "oldest_ready_age",
        "running",
        "at_limit",
        "matching_workers",
    )
    _fields = (
        ("job_type", "jobType", "plain"),
        ("required_tags", "requiredTags", "list plain"),
        ("limit_key", "limitKey", "plain"),
        ("paused", "paused", "plain"),
        ("ready", "ready", "int32"),
        ("oldest_ready_age", "oldestReadyAge", "duration"),
        ("running", "running", "int32"),
        ("at_limit", "atLimit", "plain"),
        ("matching_workers", "matchingWorkers", "int32"),
    )

    job_type: str
    """Job type of the lane."""

    required_tags: list[str]
    """Required tags of the lane, sorted."""

    limit_key: str
    """Limit key of the lane. Empty: none."""

    paused: bool
    """True while the lane is paused: none of its jobs is claimed."""

    ready: int
    """Jobs that are ready: pending and due. Counted up to 10,000, which means that many or more."""

    oldest_ready_age: timedelta | None
    """How long the ready job has waited that waits the longest. Unset when none is ready."""

    running: int
    """Jobs that run now."""

    at_limit: bool
    """True while the limit of the limit key lets no further job start."""

    matching_workers: int
    """Workers that are registered for the job type and have all tags, were heard of within 30 s, and do not
    drain. 0: nobody serves the lane.
    """

    def __init__(
        self,
        *,
        job_type: str = "",
        required_tags: list[str] | None = None,
        limit_key: str = "",
        paused: bool = False,
        ready: int = 0,
        oldest_ready_age: timedelta | None = None,
        running: int = 0,
        at_limit: bool = False,
        matching_workers: int = 0,
    ) -> None:
        self.job_type = job_type
        self.required_tags = [] if required_tags is None else required_tags
        self.limit_key = limit_key
        self.paused = paused
        self.ready = ready
        self.oldest_ready_age = oldest_ready_age
        self.running = running
        self.at_limit = at_limit
        self.matching_workers = matching_workers


class JobFailureGroup(Message):
    """Failed jobs that have the same error, but for what differs between errors of one cause."""

    __slots__ = (
        "message",
        "count",
        "first_at",
        "last_at",
        "example",
        "job_ids",
    )
    _fields = (
        ("message", "message", "plain"),
        ("count", "count", "int32"),
        ("first_at", "firstAt", "timestamp"),
        ("last_at", "lastAt", "timestamp"),
        ("example", "example", "plain"),
        ("job_ids", "jobIds", "list plain"),
    )

    message: str
    """The first line of the error, or the last of a traceback of Python, at most 500 characters of it: with #
    for UUIDs, for long hexadecimal numbers, and for all other numbers but those from 100 to 599 that stand
    alone.
    """

    count: int
    """Number of jobs in the group."""

    first_at: datetime
    """When the first of them failed."""

    last_at: datetime
    """When the last did."""

    example: str
    """That line of the last one's error as it stands."""

    job_ids: list[str]
    """Ids of the latest of them, at most 3."""

    def __init__(
        self,
        *,
        message: str = "",
        count: int = 0,
        first_at: datetime = EPOCH,
        last_at: datetime = EPOCH,
        example: str = "",
        job_ids: list[str] | None = None,
    ) -> None:
        self.message = message
        self.count = count
        self.first_at = first_at
        self.last_at = last_at
        self.example = example
        self.job_ids = [] if job_ids is None else job_ids


class QueueHistoryStep(Message):
    """What the queue did in a step of time. Quantiles are estimated from counts of ranges, each 1.41 times as
    wide as the one before.
    """

    __slots__ = (
        "start_time",
        "minutes",
        "created",
        "started",
        "completed",
        "failed",
        "ready",
        "running",
        "wait_p50",
        "wait_p95",
        "run_p50",
        "run_p95",
    )
    _fields = (
        ("start_time", "startTime", "timestamp"),
        ("minutes", "minutes", "int32"),
        ("created", "created", "int32"),
        ("started", "started", "int32"),
        ("completed", "completed", "int32"),
        ("failed", "failed", "int32"),
        ("ready", "ready", "int32"),
        ("running", "running", "int32"),
        ("wait_p50", "waitP50", "duration"),
        ("wait_p95", "waitP95", "duration"),
        ("run_p50", "runP50", "duration"),
        ("run_p95", "runP95", "duration"),
    )

    start_time: datetime
    """When it begins."""

    minutes: int
    """Number of minutes of the step that are known."""

    created: int
    """Jobs that were created."""

    started: int
    """Attempts that began."""

    completed: int
    """Jobs that completed."""

    failed: int
    """Jobs that failed for good."""

    ready: int
    """Jobs that were ready at the end."""

    running: int
    """Jobs that ran at the end."""

    wait_p50: timedelta | None
    """Half of the first attempts that began had waited no longer. Unset where none began."""

    wait_p95: timedelta
    """95 % of them had."""

    run_p50: timedelta | None
    """Half of the attempts that completed, failed or timed out had run no longer. Unset where none did."""

    run_p95: timedelta
    """95 % of them had."""

    def __init__(
        self,
        *,
        start_time: datetime = EPOCH,
        minutes: int = 0,
        created: int = 0,
        started: int = 0,
        completed: int = 0,
        failed: int = 0,
        ready: int = 0,
        running: int = 0,
        wait_p50: timedelta | None = None,
        wait_p95: timedelta | None = None,
        run_p50: timedelta | None = None,
        run_p95: timedelta | None = None,
    ) -> None:
        self.start_time = start_time
        self.minutes = minutes
        self.created = created
        self.started = started
        self.completed = completed
        self.failed = failed
        self.ready = ready
        self.running = running
        self.wait_p50 = wait_p50
        self.wait_p95 = timedelta() if wait_p95 is None else wait_p95
        self.run_p50 = run_p50
        self.run_p95 = timedelta() if run_p95 is None else run_p95


class JobTypeStats(Message):
    """Numbers of jobs of one type, by status."""

    __slots__ = (
        "job_type",
        "pending",
        "scheduled",
        "running",
        "completed",
        "failed",
        "cancelled",
        "total",
        "oldest_pending_age",
    )
    _fields = (
        ("job_type", "jobType", "plain"),
        ("pending", "pending", "int32"),
        ("scheduled", "scheduled", "int32"),
        ("running", "running", "int32"),
        ("completed", "completed", "int32"),
        ("failed", "failed", "int32"),
        ("cancelled", "cancelled", "int32"),
        ("total", "total", "int32"),
        ("oldest_pending_age", "oldestPendingAge", "duration"),
    )

    job_type: str
    """The job type."""

    pending: int
    """Pending jobs that are due, and those that wait for others."""

    scheduled: int
    """Pending jobs whose run_at is in the future."""

    running: int
    """Running jobs."""

    completed: int
    """Completed jobs still stored."""

    failed: int
    """Failed jobs still stored."""

    cancelled: int
    """Cancelled jobs still stored."""

    total: int
    """Sum of the six numbers above."""

    oldest_pending_age: timedelta | None
    """Time that the oldest due pending job has waited. Unset when none waits."""

    def __init__(
        self,
        *,
        job_type: str = "",
        pending: int = 0,
        scheduled: int = 0,
        running: int = 0,
        completed: int = 0,
        failed: int = 0,
        cancelled: int = 0,
        total: int = 0,
        oldest_pending_age: timedelta | None = None,
    ) -> None:
        self.job_type = job_type
        self.pending = pending
        self.scheduled = scheduled
        self.running = running
        self.completed = completed
        self.failed = failed
        self.cancelled = cancelled
        self.total = total
        self.oldest_pending_age = oldest_pending_age


class CreateJobResponse(Message):
    """Response of CreateJob."""

    __slots__ = (
        "job",
        "existing",
    )
    _fields = (
        ("job", "job", "message Job"),
        ("existing", "existing", "plain"),
    )

    job: Job
    """The job, with every field but attempts."""

    existing: bool
    """True: no job was created; this one had the unique_key already. See on_unique_conflict."""

    def __init__(
        self,
        *,
        job: Job | None = None,
        existing: bool = False,
    ) -> None:
        self.job = Job() if job is None else job
        self.existing = existing


class BatchCreateJobsResponse(Message):
    """Response of BatchCreateJobs."""

    __slots__ = (
        "jobs",
        "existing",
    )
    _fields = (
        ("jobs", "jobs", "list message Job"),
        ("existing", "existing", "list int32"),
    )

    jobs: list[Job]
    """The jobs in the order of the request, in the BASIC view."""

    existing: list[int]
    """Positions, from 0, of those that were not created: these had the unique_key already. See
    on_unique_conflict.
    """

    def __init__(
        self,
        *,
        jobs: list[Job] | None = None,
        existing: list[int] | None = None,
    ) -> None:
        self.jobs = [] if jobs is None else jobs
        self.existing = [] if existing is None else existing


class GetJobResponse(Message):
    """Response of GetJob."""

    __slots__ = (
        "job",
    )
    _fields = (
        ("job", "job", "message Job"),
    )

    job: Job
    """The job, with every field."""

    def __init__(
        self,
        *,
        job: Job | None = None,
    ) -> None:
        self.job = Job() if job is None else job


class ListJobsResponse(Message):
    """Response of ListJobs."""

    __slots__ = (
        "jobs",
        "next_page_token",
    )
    _fields = (
        ("jobs", "jobs", "list message Job"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    jobs: list[Job]
    """One page of jobs."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        jobs: list[Job] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.jobs = [] if jobs is None else jobs
        self.next_page_token = next_page_token


class ClaimJobsResponse(Message):
    """Response of ClaimJobs."""

    __slots__ = (
        "leases",
        "drain",
    )
    _fields = (
        ("leases", "leases", "list message Lease"),
        ("drain", "drain", "plain"),
    )

    leases: list[Lease]
    """The granted leases, in the order in which their jobs should start. Empty when no job was ready."""

    drain: bool
    """True: the worker must drain. It should finish the jobs that it holds and claim no more."""

    def __init__(
        self,
        *,
        leases: list[Lease] | None = None,
        drain: bool = False,
    ) -> None:
        self.leases = [] if leases is None else leases
        self.drain = drain


class NextClaim(Message):
    """What a worker claims by the call that reports its last jobs, once these are stored: one call a job instead
    of two. It does not wait for jobs; ClaimJobs does.
    """

    __slots__ = (
        "request_id",
        "max_jobs",
        "job_types",
        "lease",
    )
    _fields = (
        ("request_id", "requestId", "plain"),
        ("max_jobs", "maxJobs", "int32"),
        ("job_types", "jobTypes", "list plain"),
        ("lease", "lease", "duration"),
    )
    _asks_for_text = True

    request_id: str
    """Names this claim, as in ClaimJobsRequest: repeated, by either method, it returns the same leases again."""

    max_jobs: int
    """Most leases to return, 0 to 1000. 0: 1."""

    job_types: Sequence[str]
    """Only jobs of these types, at most 100. Default: the types that the worker registered."""

    lease: timedelta | float | None
    """How long the leases last unless renewed, 1 s to 1 h. Default: 30 s."""

    def __init__(
        self,
        *,
        request_id: str = "",
        max_jobs: int = 0,
        job_types: Sequence[str] | None = None,
        lease: timedelta | float | None = None,
    ) -> None:
        self.request_id = request_id
        self.max_jobs = max_jobs
        self.job_types = [] if job_types is None else job_types
        self.lease = lease


class CompleteJobsItem(Message):
    """A job to complete."""

    __slots__ = (
        "job_id",
        "epoch",
        "result",
        "evaluations",
        "tokens_used",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("epoch", "epoch", "int32"),
        ("result", "result", "document"),
        ("evaluations", "evaluations", "list message NewEvaluation"),
        ("tokens_used", "tokensUsed", "int32"),
    )

    job_id: str
    """Id of the job. Required."""

    epoch: int
    """Epoch of the lease. Required."""

    result: Any
    """Output of the job: any JSON, at most 1 MiB encoded. Default: none."""

    evaluations: Sequence[NewEvaluation]
    """Evaluations to store, at most 1000 in all items together. Their default benchmark is that of the job. If
    one is invalid, the item is REJECTED. An evaluation that conflicts with a stored one is not stored and
    does not prevent the completion.
    """

    tokens_used: int | None
    """The tokens that the attempt used, 0 to 1000000000, which are settled with the job's `tokens`: see
    JobLimit.tokens_per_minute. Default: not said, and the estimate stands.
    """

    def __init__(
        self,
        *,
        job_id: str = "",
        epoch: int = 0,
        result: Any = None,
        evaluations: Sequence[NewEvaluation] | None = None,
        tokens_used: int | None = None,
    ) -> None:
        self.job_id = job_id
        self.epoch = epoch
        self.result = result
        self.evaluations = [] if evaluations is None else evaluations
        self.tokens_used = tokens_used


class CompleteJobsResponse(Message):
    """Response of CompleteJobs."""

    __slots__ = (
        "results",
        "leases",
        "drain",
    )
    _fields = (
        ("results", "results", "list message CompleteJobsResult"),
        ("leases", "leases", "list message Lease"),
        ("drain", "drain", "plain"),
    )

    results: list[CompleteJobsResult]
    """One result per item, in the order of the items."""

    leases: list[Lease]
    """The leases that `next` was granted, as in ClaimJobsResponse. None if that could not be done: the results
    count all the same, and ClaimJobs tells the reason.
    """

    drain: bool
    """True: the worker must drain. Only with `next`."""

    def __init__(
        self,
        *,
        results: list[CompleteJobsResult] | None = None,
        leases: list[Lease] | None = None,
        drain: bool = False,
    ) -> None:
        self.results = [] if results is None else results
        self.leases = [] if leases is None else leases
        self.drain = drain


class CompleteJobsResult(Message):
    """The result of one item of CompleteJobs."""

    __slots__ = (
        "job_id",
        "outcome",
        "evaluations_inserted",
        "evaluations_duplicate",
        "evaluations_conflict",
        "field",
        "reason",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("outcome", "outcome", "enum LEASE_OUTCOME_"),
        ("evaluations_inserted", "evaluationsInserted", "int32"),
        ("evaluations_duplicate", "evaluationsDuplicate", "int32"),
        ("evaluations_conflict", "evaluationsConflict", "int32"),
        ("field", "field", "plain"),
        ("reason", "reason", "plain"),
    )

    job_id: str
    """Id of the job."""

    outcome: LeaseOutcome
    """Outcome of the item."""

    evaluations_inserted: int
    """Evaluations stored as new rows."""

    evaluations_duplicate: int
    """Evaluations that were stored before with the same content."""

    evaluations_conflict: int
    """Evaluations whose id or sample is stored with other content, which stays."""

    field: str
    """Path of the invalid field within the item, for example "evaluations[3].score". Only when REJECTED."""

    reason: str
    """What is wrong, in words. Only when REJECTED."""

    def __init__(
        self,
        *,
        job_id: str = "",
        outcome: LeaseOutcome = "UNSPECIFIED",
        evaluations_inserted: int = 0,
        evaluations_duplicate: int = 0,
        evaluations_conflict: int = 0,
        field: str = "",
        reason: str = "",
    ) -> None:
        self.job_id = job_id
        self.outcome = outcome
        self.evaluations_inserted = evaluations_inserted
        self.evaluations_duplicate = evaluations_duplicate
        self.evaluations_conflict = evaluations_conflict
        self.field = field
        self.reason = reason


class FailJobsItem(Message):
    """A job whose attempt failed."""

    __slots__ = (
        "job_id",
        "epoch",
        "error",
        "retryable",
        "retry_after",
        "tokens_used",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("epoch", "epoch", "int32"),
        ("error", "error", "plain"),
        ("retryable", "retryable", "plain"),
        ("retry_after", "retryAfter", "duration"),
        ("tokens_used", "tokensUsed", "int32"),
    )

    job_id: str
    """Id of the job. Required."""

    epoch: int
    """Epoch of the lease. Required."""

    error: str
    """Error of the attempt. What is beyond 64 KiB is cut off. Default: "failed without a message"."""

    retryable: bool | None
    """False: the job fails for good, even if retries are left. Default: true."""

    retry_after: timedelta | float | None
    """Time until the retry, 0 to 7 days, for example from a provider's rate limit. Default: exponential backoff
    with jitter.
    """

    tokens_used: int | None
    """The tokens that the attempt used, as in CompleteJobsItem."""

    def __init__(
        self,
        *,
        job_id: str = "",
        epoch: int = 0,
        error: str = "",
        retryable: bool | None = None,
        retry_after: timedelta | float | None = None,
        tokens_used: int | None = None,
    ) -> None:
        self.job_id = job_id
        self.epoch = epoch
        self.error = error
        self.retryable = retryable
        self.retry_after = retry_after
        self.tokens_used = tokens_used


class FailJobsResponse(Message):
    """Response of FailJobs."""

    __slots__ = (
        "results",
        "leases",
        "drain",
    )
    _fields = (
        ("results", "results", "list message FailJobsResult"),
        ("leases", "leases", "list message Lease"),
        ("drain", "drain", "plain"),
    )

    results: list[FailJobsResult]
    """One result per item, in the order of the items."""

    leases: list[Lease]
    """The leases that `next` was granted, as in CompleteJobsResponse."""

    drain: bool
    """True: the worker must drain. Only with `next`."""

    def __init__(
        self,
        *,
        results: list[FailJobsResult] | None = None,
        leases: list[Lease] | None = None,
        drain: bool = False,
    ) -> None:
        self.results = [] if results is None else results
        self.leases = [] if leases is None else leases
        self.drain = drain


class FailJobsResult(Message):
    """The result of one item of FailJobs."""

    __slots__ = (
        "job_id",
        "outcome",
        "status",
        "run_at",
        "field",
        "reason",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("outcome", "outcome", "enum LEASE_OUTCOME_"),
        ("status", "status", "enum JOB_STATUS_"),
        ("run_at", "runAt", "timestamp"),
        ("field", "field", "plain"),
        ("reason", "reason", "plain"),
    )

    job_id: str
    """Id of the job."""

    outcome: LeaseOutcome
    """Outcome of the item."""

    status: JobStatus
    """Status of the job afterwards: PENDING when it is retried, FAILED when not. UNSPECIFIED unless the attempt
    has ended: the outcome is OK or REJECTED.
    """

    run_at: datetime | None
    """When the retry is due. Unset when there is none."""

    field: str
    """Name of the invalid field within the item. Only when REJECTED."""

    reason: str
    """What is wrong, in words. Only when REJECTED."""

    def __init__(
        self,
        *,
        job_id: str = "",
        outcome: LeaseOutcome = "UNSPECIFIED",
        status: JobStatus = "UNSPECIFIED",
        run_at: datetime | None = None,
        field: str = "",
        reason: str = "",
    ) -> None:
        self.job_id = job_id
        self.outcome = outcome
        self.status = status
        self.run_at = run_at
        self.field = field
        self.reason = reason


class ReleaseJobsItem(Message):
    """A job to give back."""

    __slots__ = (
        "job_id",
        "epoch",
        "delay",
        "hold_limit_key",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("epoch", "epoch", "int32"),
        ("delay", "delay", "duration"),
        ("hold_limit_key", "holdLimitKey", "plain"),
    )

    job_id: str
    """Id of the job. Required."""

    epoch: int
    """Epoch of the lease. Required."""

    delay: timedelta | float | None
    """The job is due again once this has passed by the database's clock, 0 to 7 days, for example what a
    provider's Retry-After says. Default: 0, at once.
    """

    hold_limit_key: bool
    """True: no other job with the job's limit_key starts meanwhile either: a pause of the key by PauseJobs that
    ends by itself after `delay`, or an hour if that is longer. A pause that there is is made longer, not
    shorter. Needs `delay`; a job without a limit_key holds nothing. Default: false.
    """

    def __init__(
        self,
        *,
        job_id: str = "",
        epoch: int = 0,
        delay: timedelta | float | None = None,
        hold_limit_key: bool = False,
    ) -> None:
        self.job_id = job_id
        self.epoch = epoch
        self.delay = delay
        self.hold_limit_key = hold_limit_key


class ReleaseJobsResponse(Message):
    """Response of ReleaseJobs."""

    __slots__ = (
        "results",
    )
    _fields = (
        ("results", "results", "list message ReleaseJobsResult"),
    )

    results: list[ReleaseJobsResult]
    """One result per item, in the order of the items."""

    def __init__(
        self,
        *,
        results: list[ReleaseJobsResult] | None = None,
    ) -> None:
        self.results = [] if results is None else results


class ReleaseJobsResult(Message):
    """The result of one item of ReleaseJobs."""

    __slots__ = (
        "job_id",
        "outcome",
        "status",
        "run_at",
        "field",
        "reason",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("outcome", "outcome", "enum LEASE_OUTCOME_"),
        ("status", "status", "enum JOB_STATUS_"),
        ("run_at", "runAt", "timestamp"),
        ("field", "field", "plain"),
        ("reason", "reason", "plain"),
    )

    job_id: str
    """Id of the job."""

    outcome: LeaseOutcome
    """Outcome of the item."""

    status: JobStatus
    """Status of the job afterwards, where `delay` was given and the outcome is OK: PENDING, or FAILED where
    neither a snooze nor a retry was left.
    """

    run_at: datetime | None
    """When the job is due again. Unset when it is at once, or not at all."""

    field: str
    """Name of the invalid field within the item. Only when REJECTED."""

    reason: str
    """What is wrong, in words. Only when REJECTED."""

    def __init__(
        self,
        *,
        job_id: str = "",
        outcome: LeaseOutcome = "UNSPECIFIED",
        status: JobStatus = "UNSPECIFIED",
        run_at: datetime | None = None,
        field: str = "",
        reason: str = "",
    ) -> None:
        self.job_id = job_id
        self.outcome = outcome
        self.status = status
        self.run_at = run_at
        self.field = field
        self.reason = reason


class UpdateJobProgressItem(Message):
    """Progress of one job."""

    __slots__ = (
        "job_id",
        "epoch",
        "progress",
        "message",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("epoch", "epoch", "int32"),
        ("progress", "progress", "double"),
        ("message", "message", "plain"),
    )

    job_id: str
    """Id of the job. Required."""

    epoch: int
    """Epoch of the lease. Required."""

    progress: float | None
    """Share of the work that is done, 0 to 1. Default: unchanged."""

    message: str | None
    """What is being done, at most 1024 characters. Default: unchanged."""

    def __init__(
        self,
        *,
        job_id: str = "",
        epoch: int = 0,
        progress: float | None = None,
        message: str | None = None,
    ) -> None:
        self.job_id = job_id
        self.epoch = epoch
        self.progress = progress
        self.message = message


class UpdateJobProgressResponse(Message):
    """Response of UpdateJobProgress."""

    __slots__ = (
        "results",
    )
    _fields = (
        ("results", "results", "list message UpdateJobProgressResult"),
    )

    results: list[UpdateJobProgressResult]
    """One result per item, in the order of the items."""

    def __init__(
        self,
        *,
        results: list[UpdateJobProgressResult] | None = None,
    ) -> None:
        self.results = [] if results is None else results


class UpdateJobProgressResult(Message):
    """The result of one item of UpdateJobProgress."""

    __slots__ = (
        "job_id",
        "outcome",
        "cancel_requested",
        "expires_in",
        "field",
        "reason",
    )
    _fields = (
        ("job_id", "jobId", "plain"),
        ("outcome", "outcome", "enum LEASE_OUTCOME_"),
        ("cancel_requested", "cancelRequested", "plain"),
        ("expires_in", "expiresIn", "duration"),
        ("field", "field", "plain"),
        ("reason", "reason", "plain"),
    )

    job_id: str
    """Id of the job."""

    outcome: LeaseOutcome
    """Outcome of the item."""

    cancel_requested: bool
    """True: the job was cancelled. The worker should stop it; its result would be refused."""

    expires_in: timedelta | None
    """Time left until the renewed lease expires. Unset unless the outcome is OK."""

    field: str
    """Name of the invalid field within the item. Only when REJECTED."""

    reason: str
    """What is wrong, in words. Only when REJECTED."""

    def __init__(
        self,
        *,
        job_id: str = "",
        outcome: LeaseOutcome = "UNSPECIFIED",
        cancel_requested: bool = False,
        expires_in: timedelta | None = None,
        field: str = "",
        reason: str = "",
    ) -> None:
        self.job_id = job_id
        self.outcome = outcome
        self.cancel_requested = cancel_requested
        self.expires_in = expires_in
        self.field = field
        self.reason = reason


class UpdateJobResponse(Message):
    """Response of UpdateJob."""

    __slots__ = (
        "job",
    )
    _fields = (
        ("job", "job", "message Job"),
    )

    job: Job
    """The job as it is now, with every field but its attempts."""

    def __init__(
        self,
        *,
        job: Job | None = None,
    ) -> None:
        self.job = Job() if job is None else job


class CancelJobResponse(Message):
    """Response of CancelJob."""

    __slots__ = (
        "job",
    )
    _fields = (
        ("job", "job", "message Job"),
    )

    job: Job
    """The job after the change, with every field but attempts."""

    def __init__(
        self,
        *,
        job: Job | None = None,
    ) -> None:
        self.job = Job() if job is None else job


class RetryJobResponse(Message):
    """Response of RetryJob."""

    __slots__ = (
        "job",
    )
    _fields = (
        ("job", "job", "message Job"),
    )

    job: Job
    """The job after the change, with every field but attempts."""

    def __init__(
        self,
        *,
        job: Job | None = None,
    ) -> None:
        self.job = Job() if job is None else job


class CancelJobsResponse(Message):
    """Response of CancelJobs."""

    __slots__ = (
        "affected",
        "more",
        "skipped",
        "not_permitted",
    )
    _fields = (
        ("affected", "affected", "int32"),
        ("more", "more", "plain"),
        ("skipped", "skipped", "int32"),
        ("not_permitted", "notPermitted", "int32"),
    )

    affected: int
    """Number of jobs cancelled."""

    more: bool
    """True when the call ended before all matching jobs were cancelled: call again. With dry_run there are
    more than were counted.
    """

    skipped: int
    """Number of jobs left as they are: of ids, those that there are not or that do not match, as they have
    ended; of others, those that moved from state to state at the time.
    """

    not_permitted: int
    """Number of jobs that match and were left as they are because another user created them, and the caller is
    not admin. Counted up to 50,000.
    """

    def __init__(
        self,
        *,
        affected: int = 0,
        more: bool = False,
        skipped: int = 0,
        not_permitted: int = 0,
    ) -> None:
        self.affected = affected
        self.more = more
        self.skipped = skipped
        self.not_permitted = not_permitted


class RetryJobsResponse(Message):
    """Response of RetryJobs."""

    __slots__ = (
        "affected",
        "skipped",
        "more",
        "not_permitted",
    )
    _fields = (
        ("affected", "affected", "int32"),
        ("skipped", "skipped", "int32"),
        ("more", "more", "plain"),
        ("not_permitted", "notPermitted", "int32"),
    )

    affected: int
    """Number of jobs made pending again."""

    skipped: int
    """Number of jobs left as they are because their unique_key is taken or their benchmark was deleted; of ids
    also those that there are not or that do not match, as they are neither failed nor cancelled.
    """

    more: bool
    """True when the call ended before all matching jobs were retried: call again. With dry_run there are more
    than were counted.
    """

    not_permitted: int
    """Number of jobs that match and were left as they are because another user created them, and the caller is
    not admin. Counted up to 50,000.
    """

    def __init__(
        self,
        *,
        affected: int = 0,
        skipped: int = 0,
        more: bool = False,
        not_permitted: int = 0,
    ) -> None:
        self.affected = affected
        self.skipped = skipped
        self.more = more
        self.not_permitted = not_permitted


class DeleteJobResponse(Message):
    """Response of DeleteJob."""

    __slots__ = ()


class SetJobLimitResponse(Message):
    """Response of SetJobLimit."""

    __slots__ = (
        "limit",
    )
    _fields = (
        ("limit", "limit", "message JobLimit"),
    )

    limit: JobLimit
    """The limit, with the number of jobs running now."""

    def __init__(
        self,
        *,
        limit: JobLimit | None = None,
    ) -> None:
        self.limit = JobLimit() if limit is None else limit


class GetJobLimitResponse(Message):
    """Response of GetJobLimit."""

    __slots__ = (
        "limit",
    )
    _fields = (
        ("limit", "limit", "message JobLimit"),
    )

    limit: JobLimit
    """The limit."""

    def __init__(
        self,
        *,
        limit: JobLimit | None = None,
    ) -> None:
        self.limit = JobLimit() if limit is None else limit


class ListJobLimitsResponse(Message):
    """Response of ListJobLimits."""

    __slots__ = (
        "limits",
        "next_page_token",
    )
    _fields = (
        ("limits", "limits", "list message JobLimit"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    limits: list[JobLimit]
    """One page of limits, by limit_key."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        limits: list[JobLimit] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.limits = [] if limits is None else limits
        self.next_page_token = next_page_token


class ListJobFieldValuesResponse(Message):
    """Response of ListJobFieldValues."""

    __slots__ = (
        "values",
        "more",
    )
    _fields = (
        ("values", "values", "list plain"),
        ("more", "more", "plain"),
    )

    values: list[str]
    """The values in order, each once."""

    more: bool
    """True: there are more, or only the first 10000 were looked at."""

    def __init__(
        self,
        *,
        values: list[str] | None = None,
        more: bool = False,
    ) -> None:
        self.values = [] if values is None else values
        self.more = more


class DeleteJobLimitResponse(Message):
    """Response of DeleteJobLimit."""

    __slots__ = ()


class PauseJobsResponse(Message):
    """Response of PauseJobs."""

    __slots__ = (
        "lanes",
    )
    _fields = (
        ("lanes", "lanes", "list message JobLane"),
    )

    lanes: list[JobLane]
    """The affected lanes that have jobs now, at most 1000."""

    def __init__(
        self,
        *,
        lanes: list[JobLane] | None = None,
    ) -> None:
        self.lanes = [] if lanes is None else lanes


class ResumeJobsResponse(Message):
    """Response of ResumeJobs."""

    __slots__ = (
        "lanes",
    )
    _fields = (
        ("lanes", "lanes", "list message JobLane"),
    )

    lanes: list[JobLane]
    """The affected lanes that have jobs now, at most 1000. A lane that another pause covers is still paused."""

    def __init__(
        self,
        *,
        lanes: list[JobLane] | None = None,
    ) -> None:
        self.lanes = [] if lanes is None else lanes


class ListJobPausesResponse(Message):
    """Response of ListJobPauses."""

    __slots__ = (
        "pauses",
        "next_page_token",
    )
    _fields = (
        ("pauses", "pauses", "list message JobPause"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    pauses: list[JobPause]
    """One page of pauses, by job type and limit key."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        pauses: list[JobPause] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.pauses = [] if pauses is None else pauses
        self.next_page_token = next_page_token


class ListJobLanesResponse(Message):
    """Response of ListJobLanes."""

    __slots__ = (
        "lanes",
        "next_page_token",
    )
    _fields = (
        ("lanes", "lanes", "list message JobLane"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    lanes: list[JobLane]
    """One page of lanes, by job type and limit key."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        lanes: list[JobLane] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.lanes = [] if lanes is None else lanes
        self.next_page_token = next_page_token


class ListJobFailureGroupsResponse(Message):
    """Response of ListJobFailureGroups."""

    __slots__ = (
        "groups",
        "groups_left_out",
        "failures_read",
        "more",
    )
    _fields = (
        ("groups", "groups", "list message JobFailureGroup"),
        ("groups_left_out", "groupsLeftOut", "int32"),
        ("failures_read", "failuresRead", "int32"),
        ("more", "more", "plain"),
    )

    groups: list[JobFailureGroup]
    """The groups, the largest first."""

    groups_left_out: int
    """Number of further groups, which are smaller."""

    failures_read: int
    """Number of failures in all groups."""

    more: bool
    """True: 5,000 failures were looked at, of all types and benchmarks, and there may be older ones."""

    def __init__(
        self,
        *,
        groups: list[JobFailureGroup] | None = None,
        groups_left_out: int = 0,
        failures_read: int = 0,
        more: bool = False,
    ) -> None:
        self.groups = [] if groups is None else groups
        self.groups_left_out = groups_left_out
        self.failures_read = failures_read
        self.more = more


class GetJobStatsResponse(Message):
    """Response of GetJobStats."""

    __slots__ = (
        "pending",
        "scheduled",
        "running",
        "completed",
        "failed",
        "cancelled",
        "total",
        "oldest_pending_age",
        "by_type",
    )
    _fields = (
        ("pending", "pending", "int32"),
        ("scheduled", "scheduled", "int32"),
        ("running", "running", "int32"),
        ("completed", "completed", "int32"),
        ("failed", "failed", "int32"),
        ("cancelled", "cancelled", "int32"),
        ("total", "total", "int32"),
        ("oldest_pending_age", "oldestPendingAge", "duration"),
        ("by_type", "byType", "list message JobTypeStats"),
    )

    pending: int
    """Pending jobs that are due, and those that wait for others."""

    scheduled: int
    """Pending jobs whose run_at is in the future."""

    running: int
    """Running jobs."""

    completed: int
    """Completed jobs still stored."""

    failed: int
    """Failed jobs still stored."""

    cancelled: int
    """Cancelled jobs still stored."""

    total: int
    """Sum of the six numbers above."""

    oldest_pending_age: timedelta | None
    """Time that the oldest due pending job has waited. Unset when none waits, and with benchmark_id."""

    by_type: list[JobTypeStats]
    """The same numbers for each job type, by name."""

    def __init__(
        self,
        *,
        pending: int = 0,
        scheduled: int = 0,
        running: int = 0,
        completed: int = 0,
        failed: int = 0,
        cancelled: int = 0,
        total: int = 0,
        oldest_pending_age: timedelta | None = None,
        by_type: list[JobTypeStats] | None = None,
    ) -> None:
        self.pending = pending
        self.scheduled = scheduled
        self.running = running
        self.completed = completed
        self.failed = failed
        self.cancelled = cancelled
        self.total = total
        self.oldest_pending_age = oldest_pending_age
        self.by_type = [] if by_type is None else by_type


class GetQueueHistoryResponse(Message):
    """Response of GetQueueHistory."""

    __slots__ = (
        "steps",
    )
    _fields = (
        ("steps", "steps", "list message QueueHistoryStep"),
    )

    steps: list[QueueHistoryStep]
    """The steps, in order. Those of which nothing is known are left out, such as while no server ran."""

    def __init__(
        self,
        *,
        steps: list[QueueHistoryStep] | None = None,
    ) -> None:
        self.steps = [] if steps is None else steps


class CleanupJobsResponse(Message):
    """Response of CleanupJobs."""

    __slots__ = (
        "deleted",
        "more",
    )
    _fields = (
        ("deleted", "deleted", "int32"),
        ("more", "more", "plain"),
    )

    deleted: int
    """Number of jobs deleted."""

    more: bool
    """True when the call ended before all matching jobs were deleted: call again."""

    def __init__(
        self,
        *,
        deleted: int = 0,
        more: bool = False,
    ) -> None:
        self.deleted = deleted
        self.more = more


class WatchJobsResponse(Message):
    """One message of a watch."""

    __slots__ = (
        "cursor",
        "job",
        "deleted",
    )
    _fields = (
        ("cursor", "cursor", "plain"),
        ("job", "job", "message Job"),
        ("deleted", "deleted", "plain"),
    )

    cursor: str
    """Position in the stream of changes, to resume after this message."""

    job: Job | None
    """The job after the change. Unset in a message that only moves the cursor. Such a message is sent as soon
    as the watch is in place, and after every 15 s of silence.
    """

    deleted: bool
    """True: the job was deleted, and `job` has only the fields that are still known, at least the id. Its type
    and benchmark are no longer known, so a watch with job_type or benchmark_id receives every deletion. A
    watch with ids receives only theirs.
    """

    def __init__(
        self,
        *,
        cursor: str = "",
        job: Job | None = None,
        deleted: bool = False,
    ) -> None:
        self.cursor = cursor
        self.job = job
        self.deleted = deleted


class GetStatsResponse(Message):
    """Response of GetStats."""

    __slots__ = (
        "database_size_bytes",
        "database_size_mb",
        "benchmark_count",
        "evaluation_count",
        "job_count",
        "worker_count",
        "user_count",
        "audit_log_count",
        "server_version",
        "schema_version",
        "pool",
        "uptime",
    )
    _fields = (
        ("database_size_bytes", "databaseSizeBytes", "int64"),
        ("database_size_mb", "databaseSizeMb", "double"),
        ("benchmark_count", "benchmarkCount", "int64"),
        ("evaluation_count", "evaluationCount", "int64"),
        ("job_count", "jobCount", "int64"),
        ("worker_count", "workerCount", "int64"),
        ("user_count", "userCount", "int64"),
        ("audit_log_count", "auditLogCount", "int64"),
        ("server_version", "serverVersion", "plain"),
        ("schema_version", "schemaVersion", "plain"),
        ("pool", "pool", "message PoolStats"),
        ("uptime", "uptime", "duration"),
    )

    database_size_bytes: int
    """Size of the database on disk, in bytes."""

    database_size_mb: float
    """Size of the database on disk, in MiB: database_size_bytes / 1024 / 1024."""

    benchmark_count: int
    """Number of benchmarks: exact up to 10,000, beyond that PostgreSQL's estimate from its statistics, so that
    the call is fast at any size.
    """

    evaluation_count: int
    """Number of evaluations, estimated like benchmark_count."""

    job_count: int
    """Number of jobs, in any status. Exact."""

    worker_count: int
    """Number of registered workers, in any status."""

    user_count: int
    """Number of users that are not deleted."""

    audit_log_count: int
    """Number of audit log entries, estimated like benchmark_count."""

    server_version: str
    """Version of the PostgreSQL server, for example "18.1"."""

    schema_version: str
    """Name of the latest migration that is applied, for example "20240320000001_initial_schema"."""

    pool: PoolStats
    """State of this server's connection pool."""

    uptime: timedelta
    """Time since this server started."""

    def __init__(
        self,
        *,
        database_size_bytes: int = 0,
        database_size_mb: float = 0.0,
        benchmark_count: int = 0,
        evaluation_count: int = 0,
        job_count: int = 0,
        worker_count: int = 0,
        user_count: int = 0,
        audit_log_count: int = 0,
        server_version: str = "",
        schema_version: str = "",
        pool: PoolStats | None = None,
        uptime: timedelta | None = None,
    ) -> None:
        self.database_size_bytes = database_size_bytes
        self.database_size_mb = database_size_mb
        self.benchmark_count = benchmark_count
        self.evaluation_count = evaluation_count
        self.job_count = job_count
        self.worker_count = worker_count
        self.user_count = user_count
        self.audit_log_count = audit_log_count
        self.server_version = server_version
        self.schema_version = schema_version
        self.pool = PoolStats() if pool is None else pool
        self.uptime = timedelta() if uptime is None else uptime


class PoolStats(Message):
    """State of a connection pool."""

    __slots__ = (
        "size",
        "open",
        "idle",
        "waiting",
    )
    _fields = (
        ("size", "size", "int32"),
        ("open", "open", "int32"),
        ("idle", "idle", "int32"),
        ("waiting", "waiting", "int32"),
    )

    size: int
    """Most connections that it opens."""

    open: int
    """Connections that are open."""

    idle: int
    """Open connections that are not in use."""

    waiting: int
    """Calls that wait for a connection."""

    def __init__(
        self,
        *,
        size: int = 0,
        open: int = 0,
        idle: int = 0,
        waiting: int = 0,
    ) -> None:
        self.size = size
        self.open = open
        self.idle = idle
        self.waiting = waiting


class GetInfoResponse(Message):
    """Response of GetInfo."""

    __slots__ = (
        "version",
        "api_version",
        "features",
        "limits",
        "scopes",
        "console_port",
    )
    _fields = (
        ("version", "version", "plain"),
        ("api_version", "apiVersion", "plain"),
        ("features", "features", "list plain"),
        ("limits", "limits", "message Limits"),
        ("scopes", "scopes", "list plain"),
        ("console_port", "consolePort", "int32"),
    )

    version: str
    """Version of the service, for example "1.0.0"."""

    api_version: str
    """Version of the interface: "ltb.v1"."""

    features: list[str]
    """Names of optional features that are switched on."""

    limits: Limits
    """Limits in force."""

    scopes: list[str]
    """Scopes that an API key can be limited to."""

    console_port: int
    """Port of the HTTP listener, as the service itself has bound it, which serves the web console under
    /console/. 0: it is switched off.
    """

    def __init__(
        self,
        *,
        version: str = "",
        api_version: str = "",
        features: list[str] | None = None,
        limits: Limits | None = None,
        scopes: list[str] | None = None,
        console_port: int = 0,
    ) -> None:
        self.version = version
        self.api_version = api_version
        self.features = [] if features is None else features
        self.limits = Limits() if limits is None else limits
        self.scopes = [] if scopes is None else scopes
        self.console_port = console_port


class Limits(Message):
    """Limits of the service."""

    __slots__ = (
        "default_page_size",
        "max_page_size",
        "max_batch_size",
        "max_message_bytes",
        "max_json_bytes",
        "max_text_bytes",
        "max_claim_wait",
        "default_lease",
        "max_lease",
        "heartbeat_interval",
        "request_id_retention",
    )
    _fields = (
        ("default_page_size", "defaultPageSize", "int32"),
        ("max_page_size", "maxPageSize", "int32"),
        ("max_batch_size", "maxBatchSize", "int32"),
        ("max_message_bytes", "maxMessageBytes", "int32"),
        ("max_json_bytes", "maxJsonBytes", "int32"),
        ("max_text_bytes", "maxTextBytes", "int32"),
        ("max_claim_wait", "maxClaimWait", "duration"),
        ("default_lease", "defaultLease", "duration"),
        ("max_lease", "maxLease", "duration"),
        ("heartbeat_interval", "heartbeatInterval", "duration"),
        ("request_id_retention", "requestIdRetention", "duration"),
    )

    default_page_size: int
    """Page size of lists if page_size is 0."""

    max_page_size: int
    """Largest page_size."""

    max_batch_size: int
    """Most items in a batch."""

    max_message_bytes: int
    """Largest request message, in bytes."""

    max_json_bytes: int
    """Largest encoded JSON field, in bytes."""

    max_text_bytes: int
    """Largest input, output or expected output of an evaluation, in bytes."""

    max_claim_wait: timedelta
    """Longest wait of ClaimJobs."""

    default_lease: timedelta
    """Length of a lease if the request gives none."""

    max_lease: timedelta
    """Longest lease."""

    heartbeat_interval: timedelta
    """Interval at which workers should call Heartbeat."""

    request_id_retention: timedelta
    """How long a request_id is remembered."""

    def __init__(
        self,
        *,
        default_page_size: int = 0,
        max_page_size: int = 0,
        max_batch_size: int = 0,
        max_message_bytes: int = 0,
        max_json_bytes: int = 0,
        max_text_bytes: int = 0,
        max_claim_wait: timedelta | None = None,
        default_lease: timedelta | None = None,
        max_lease: timedelta | None = None,
        heartbeat_interval: timedelta | None = None,
        request_id_retention: timedelta | None = None,
    ) -> None:
        self.default_page_size = default_page_size
        self.max_page_size = max_page_size
        self.max_batch_size = max_batch_size
        self.max_message_bytes = max_message_bytes
        self.max_json_bytes = max_json_bytes
        self.max_text_bytes = max_text_bytes
        self.max_claim_wait = timedelta() if max_claim_wait is None else max_claim_wait
        self.default_lease = timedelta() if default_lease is None else default_lease
        self.max_lease = timedelta() if max_lease is None else max_lease
        self.heartbeat_interval = timedelta() if heartbeat_interval is None else heartbeat_interval
        self.request_id_retention = timedelta() if request_id_retention is None else request_id_retention


class User(Message):
    """An account."""

    __slots__ = (
        "id",
        "email",
        "username",
        "role",
        "active",
        "email_verified",
        "metadata",
        "last_login",
        "created_at",
        "updated_at",
        "version",
    )
    _fields = (
        ("id", "id", "plain"),
        ("email", "email", "plain"),
        ("username", "username", "plain"),
        ("role", "role", "enum USER_ROLE_"),
        ("active", "active", "plain"),
        ("email_verified", "emailVerified", "plain"),
        ("metadata", "metadata", "json"),
        ("last_login", "lastLogin", "timestamp"),
        ("created_at", "createdAt", "timestamp"),
        ("updated_at", "updatedAt", "timestamp"),
        ("version", "version", "int32"),
    )

    id: str
    """Identifier: a UUID, made by the service (UUIDv7) or given on create."""

    email: str
    """Email address, 3 to 255 characters, unique without regard to case."""

    username: str
    """User name, 1 to 100 characters, unique without regard to case."""

    role: UserRole
    """What the user may do."""

    active: bool
    """False: the user can neither log in nor use its API keys and sessions."""

    email_verified: bool
    """True once the email address is known to be the user's."""

    metadata: dict[str, Any]
    """Additional data, at most 1 MiB encoded."""

    last_login: datetime | None
    """When the user last logged in, with a password or a code. Unset if never."""

    created_at: datetime
    """When the user was created."""

    updated_at: datetime
    """When the user was last changed."""

    version: int
    """Revision for optimistic concurrency: 1 on create, one more with each update. A login does not move it."""

    def __init__(
        self,
        *,
        id: str = "",
        email: str = "",
        username: str = "",
        role: UserRole = "UNSPECIFIED",
        active: bool = False,
        email_verified: bool = False,
        metadata: dict[str, Any] | None = None,
        last_login: datetime | None = None,
        created_at: datetime = EPOCH,
        updated_at: datetime = EPOCH,
        version: int = 0,
    ) -> None:
        self.id = id
        self.email = email
        self.username = username
        self.role = role
        self.active = active
        self.email_verified = email_verified
        self.metadata = {} if metadata is None else metadata
        self.last_login = last_login
        self.created_at = created_at
        self.updated_at = updated_at
        self.version = version


class ApiKey(Message):
    """A key that authenticates its user in the authorization metadata. The key itself is shown only when it is
    made.
    """

    __slots__ = (
        "id",
        "user_id",
        "name",
        "prefix",
        "scopes",
        "active",
        "expires_at",
        "last_used",
        "created_at",
        "created_by",
        "revoked_at",
        "rotated_from",
        "created_by_key",
    )
    _fields = (
        ("id", "id", "plain"),
        ("user_id", "userId", "plain"),
        ("name", "name", "plain"),
        ("prefix", "prefix", "plain"),
        ("scopes", "scopes", "list plain"),
        ("active", "active", "plain"),
        ("expires_at", "expiresAt", "timestamp"),
        ("last_used", "lastUsed", "timestamp"),
        ("created_at", "createdAt", "timestamp"),
        ("created_by", "createdBy", "plain"),
        ("revoked_at", "revokedAt", "timestamp"),
        ("rotated_from", "rotatedFrom", "plain"),
        ("created_by_key", "createdByKey", "plain"),
    )

    id: str
    """Identifier: a UUID. Not secret."""

    user_id: str
    """Id of the user the key acts as."""

    name: str
    """Human-readable name, 1 to 255 characters."""

    prefix: str
    """First characters of the key, to recognize it by. Not enough to use it."""

    scopes: list[str]
    """Scopes that the key is limited to, within its user's role. Empty: everything that the role allows."""

    active: bool
    """True while the key can be used: neither revoked nor expired."""

    expires_at: datetime | None
    """When the key stops working. Unset: never."""

    last_used: datetime | None
    """When the key, or a session by a code of it, was last used, to about a minute. Unset if never."""

    created_at: datetime
    """When the key was made."""

    created_by: str
    """Id of the user who made it."""

    revoked_at: datetime | None
    """When the key was revoked. Unset if it was not."""

    rotated_from: str
    """Id of the key that this one replaced by RotateApiKey. Empty if none."""

    created_by_key: str
    """Id of the key by which its maker called. Empty if that was no key."""

    def __init__(
        self,
        *,
        id: str = "",
        user_id: str = "",
        name: str = "",
        prefix: str = "",
        scopes: list[str] | None = None,
        active: bool = False,
        expires_at: datetime | None = None,
        last_used: datetime | None = None,
        created_at: datetime = EPOCH,
        created_by: str = "",
        revoked_at: datetime | None = None,
        rotated_from: str = "",
        created_by_key: str = "",
    ) -> None:
        self.id = id
        self.user_id = user_id
        self.name = name
        self.prefix = prefix
        self.scopes = [] if scopes is None else scopes
        self.active = active
        self.expires_at = expires_at
        self.last_used = last_used
        self.created_at = created_at
        self.created_by = created_by
        self.revoked_at = revoked_at
        self.rotated_from = rotated_from
        self.created_by_key = created_by_key


class CreateUserResponse(Message):
    """Response of CreateUser."""

    __slots__ = (
        "user",
    )
    _fields = (
        ("user", "user", "message User"),
    )

    user: User
    """The user."""

    def __init__(
        self,
        *,
        user: User | None = None,
    ) -> None:
        self.user = User() if user is None else user


class GetUserResponse(Message):
    """Response of GetUser."""

    __slots__ = (
        "user",
    )
    _fields = (
        ("user", "user", "message User"),
    )

    user: User
    """The user."""

    def __init__(
        self,
        *,
        user: User | None = None,
    ) -> None:
        self.user = User() if user is None else user


class ListUsersResponse(Message):
    """Response of ListUsers."""

    __slots__ = (
        "users",
        "next_page_token",
    )
    _fields = (
        ("users", "users", "list message User"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    users: list[User]
    """One page of users, newest first."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        users: list[User] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.users = [] if users is None else users
        self.next_page_token = next_page_token


class UpdateUserResponse(Message):
    """Response of UpdateUser."""

    __slots__ = (
        "user",
    )
    _fields = (
        ("user", "user", "message User"),
    )

    user: User
    """The user after the change."""

    def __init__(
        self,
        *,
        user: User | None = None,
    ) -> None:
        self.user = User() if user is None else user


class DeleteUserResponse(Message):
    """Response of DeleteUser."""

    __slots__ = ()


class ChangePasswordResponse(Message):
    """Response of ChangePassword."""

    __slots__ = ()


class LoginResponse(Message):
    """Response of Login."""

    __slots__ = (
        "session_token",
        "expires_at",
        "user",
    )
    _fields = (
        ("session_token", "sessionToken", "plain"),
        ("expires_at", "expiresAt", "timestamp"),
        ("user", "user", "message User"),
    )

    session_token: str
    """Token to send as `authorization: Bearer <token>`. Secret."""

    expires_at: datetime
    """When the session ends."""

    user: User
    """The user."""

    def __init__(
        self,
        *,
        session_token: str = "",
        expires_at: datetime = EPOCH,
        user: User | None = None,
    ) -> None:
        self.session_token = session_token
        self.expires_at = expires_at
        self.user = User() if user is None else user


class CreateLoginCodeResponse(Message):
    """Response of CreateLoginCode."""

    __slots__ = (
        "code",
        "expires_at",
    )
    _fields = (
        ("code", "code", "plain"),
        ("expires_at", "expiresAt", "timestamp"),
    )

    code: str
    """The code, to give to Login. Secret."""

    expires_at: datetime
    """When the code is over, if it is not used before: after 10 minutes, or with the API key."""

    def __init__(
        self,
        *,
        code: str = "",
        expires_at: datetime = EPOCH,
    ) -> None:
        self.code = code
        self.expires_at = expires_at


class LogoutResponse(Message):
    """Response of Logout."""

    __slots__ = ()


class WhoAmIResponse(Message):
    """Response of WhoAmI."""

    __slots__ = (
        "user",
        "api_key",
        "expires_at",
    )
    _fields = (
        ("user", "user", "message User"),
        ("api_key", "apiKey", "message ApiKey"),
        ("expires_at", "expiresAt", "timestamp"),
    )

    user: User
    """The user that the call acts as."""

    api_key: ApiKey | None
    """The API key that authenticates the call. Unset with a session."""

    expires_at: datetime | None
    """When the session or API key ends. Unset: never."""

    def __init__(
        self,
        *,
        user: User | None = None,
        api_key: ApiKey | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        self.user = User() if user is None else user
        self.api_key = api_key
        self.expires_at = expires_at


class CreateApiKeyResponse(Message):
    """Response of CreateApiKey."""

    __slots__ = (
        "api_key",
        "secret",
    )
    _fields = (
        ("api_key", "apiKey", "message ApiKey"),
        ("secret", "secret", "plain"),
    )

    api_key: ApiKey
    """The key, without its secret."""

    secret: str
    """The key to send as `authorization: Bearer <secret>`. Shown only here; empty in the answer to a
    repetition.
    """

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        secret: str = "",
    ) -> None:
        self.api_key = ApiKey() if api_key is None else api_key
        self.secret = secret


class ListApiKeysResponse(Message):
    """Response of ListApiKeys."""

    __slots__ = (
        "api_keys",
        "next_page_token",
    )
    _fields = (
        ("api_keys", "apiKeys", "list message ApiKey"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    api_keys: list[ApiKey]
    """One page of keys, newest first, without secrets."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        api_keys: list[ApiKey] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.api_keys = [] if api_keys is None else api_keys
        self.next_page_token = next_page_token


class RevokeApiKeyResponse(Message):
    """Response of RevokeApiKey."""

    __slots__ = (
        "api_key",
        "descendants_revoked",
    )
    _fields = (
        ("api_key", "apiKey", "message ApiKey"),
        ("descendants_revoked", "descendantsRevoked", "int32"),
    )

    api_key: ApiKey
    """The key after the change."""

    descendants_revoked: int
    """Number of keys that this call revoked because of with_descendants."""

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        descendants_revoked: int = 0,
    ) -> None:
        self.api_key = ApiKey() if api_key is None else api_key
        self.descendants_revoked = descendants_revoked


class RotateApiKeyResponse(Message):
    """Response of RotateApiKey."""

    __slots__ = (
        "api_key",
        "secret",
        "old_api_key",
    )
    _fields = (
        ("api_key", "apiKey", "message ApiKey"),
        ("secret", "secret", "plain"),
        ("old_api_key", "oldApiKey", "message ApiKey"),
    )

    api_key: ApiKey
    """The new key, without its secret."""

    secret: str
    """The new key to send as `authorization: Bearer <secret>`. Shown only here; empty in the answer to a
    repetition.
    """

    old_api_key: ApiKey
    """The key that was replaced, with its new expiry."""

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        secret: str = "",
        old_api_key: ApiKey | None = None,
    ) -> None:
        self.api_key = ApiKey() if api_key is None else api_key
        self.secret = secret
        self.old_api_key = ApiKey() if old_api_key is None else old_api_key


class Worker(Message):
    """A process that claims and runs jobs."""

    __slots__ = (
        "id",
        "worker_id",
        "address",
        "status",
        "health",
        "capacity",
        "current_tasks",
        "completed_tasks",
        "failed_tasks",
        "load",
        "tags",
        "job_types",
        "metadata",
        "version",
        "cpu",
        "memory",
        "drain_reason",
        "last_heartbeat",
        "registered_at",
        "updated_at",
    )
    _fields = (
        ("id", "id", "plain"),
        ("worker_id", "workerId", "plain"),
        ("address", "address", "plain"),
        ("status", "status", "enum WORKER_STATUS_"),
        ("health", "health", "enum HEALTH_STATUS_"),
        ("capacity", "capacity", "int32"),
        ("current_tasks", "currentTasks", "int32"),
        ("completed_tasks", "completedTasks", "int64"),
        ("failed_tasks", "failedTasks", "int64"),
        ("load", "load", "double"),
        ("tags", "tags", "list plain"),
        ("job_types", "jobTypes", "list plain"),
        ("metadata", "metadata", "json"),
        ("version", "version", "plain"),
        ("cpu", "cpu", "double"),
        ("memory", "memory", "double"),
        ("drain_reason", "drainReason", "plain"),
        ("last_heartbeat", "lastHeartbeat", "timestamp"),
        ("registered_at", "registeredAt", "timestamp"),
        ("updated_at", "updatedAt", "timestamp"),
    )

    id: str
    """Identifier of the registry's row: a UUID made by the service."""

    worker_id: str
    """Name that the worker gives itself, 1 to 255 characters, unique. Requests identify a worker by this name."""

    address: str
    """Address that the worker states, for example "host:50052". Informative: the service never connects to it."""

    status: WorkerStatus
    """Current state."""

    health: HealthStatus
    """Health, by the time since the last heartbeat."""

    capacity: int
    """Most jobs it runs at the same time, 1 to 10000."""

    current_tasks: int
    """Number of jobs that it holds leases on now."""

    completed_tasks: int
    """Number of jobs that it has completed since its first registration."""

    failed_tasks: int
    """Number of its attempts that failed, timed out or expired since its first registration."""

    load: float
    """Load: current_tasks / capacity."""

    tags: list[str]
    """Tags it offers, matched against the required_tags of jobs."""

    job_types: list[str]
    """Job types it runs. Empty: every type."""

    metadata: dict[str, Any]
    """Additional data of the worker."""

    version: str
    """Version of the worker's software, as the worker states it."""

    cpu: float | None
    """Processor use in its latest heartbeat, 0 to 1. Unset when not reported."""

    memory: float | None
    """Memory use in its latest heartbeat, 0 to 1. Unset when not reported."""

    drain_reason: str
    """Reason of the drain. Empty when the worker is not drained, or no reason was given."""

    last_heartbeat: datetime
    """When it was last heard from: by a registration, heartbeat, claim or progress report."""

    registered_at: datetime
    """When it was first registered."""

    updated_at: datetime
    """When its registration or status last changed."""

    def __init__(
        self,
        *,
        id: str = "",
        worker_id: str = "",
        address: str = "",
        status: WorkerStatus = "UNSPECIFIED",
        health: HealthStatus = "UNSPECIFIED",
        capacity: int = 0,
        current_tasks: int = 0,
        completed_tasks: int = 0,
        failed_tasks: int = 0,
        load: float = 0.0,
        tags: list[str] | None = None,
        job_types: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        version: str = "",
        cpu: float | None = None,
        memory: float | None = None,
        drain_reason: str = "",
        last_heartbeat: datetime = EPOCH,
        registered_at: datetime = EPOCH,
        updated_at: datetime = EPOCH,
    ) -> None:
        self.id = id
        self.worker_id = worker_id
        self.address = address
        self.status = status
        self.health = health
        self.capacity = capacity
        self.current_tasks = current_tasks
        self.completed_tasks = completed_tasks
        self.failed_tasks = failed_tasks
        self.load = load
        self.tags = [] if tags is None else tags
        self.job_types = [] if job_types is None else job_types
        self.metadata = {} if metadata is None else metadata
        self.version = version
        self.cpu = cpu
        self.memory = memory
        self.drain_reason = drain_reason
        self.last_heartbeat = last_heartbeat
        self.registered_at = registered_at
        self.updated_at = updated_at


class RegisterWorkerResponse(Message):
    """Response of RegisterWorker."""

    __slots__ = (
        "worker",
        "heartbeat_interval",
    )
    _fields = (
        ("worker", "worker", "message Worker"),
        ("heartbeat_interval", "heartbeatInterval", "duration"),
    )

    worker: Worker
    """The worker as registered."""

    heartbeat_interval: timedelta
    """Interval at which to call Heartbeat; 5 s by default."""

    def __init__(
        self,
        *,
        worker: Worker | None = None,
        heartbeat_interval: timedelta | None = None,
    ) -> None:
        self.worker = Worker() if worker is None else worker
        self.heartbeat_interval = timedelta() if heartbeat_interval is None else heartbeat_interval


class HeartbeatResponse(Message):
    """Response of Heartbeat."""

    __slots__ = (
        "drain",
        "cancelled",
        "lost",
        "expires_in",
    )
    _fields = (
        ("drain", "drain", "plain"),
        ("cancelled", "cancelled", "list message LeaseRef"),
        ("lost", "lost", "list message LeaseRef"),
        ("expires_in", "expiresIn", "duration"),
    )

    drain: bool
    """True: the worker should finish the jobs that it holds and claim no more."""

    cancelled: list[LeaseRef]
    """Leases of the request whose job was cancelled. The worker should stop these jobs; their results would be
    refused.
    """

    lost: list[LeaseRef]
    """Leases of the request that the worker no longer holds, for example because they expired and another
    worker got the job. The worker should drop them. If the worker names more such leases than it has
    capacity, those beyond it are here even if their job was cancelled.
    """

    expires_in: timedelta | None
    """Time left until the renewed leases expire. Unset when none was renewed."""

    def __init__(
        self,
        *,
        drain: bool = False,
        cancelled: list[LeaseRef] | None = None,
        lost: list[LeaseRef] | None = None,
        expires_in: timedelta | None = None,
    ) -> None:
        self.drain = drain
        self.cancelled = [] if cancelled is None else cancelled
        self.lost = [] if lost is None else lost
        self.expires_in = expires_in


class DrainWorkerResponse(Message):
    """Response of DrainWorker."""

    __slots__ = (
        "worker",
    )
    _fields = (
        ("worker", "worker", "message Worker"),
    )

    worker: Worker
    """The worker after the change."""

    def __init__(
        self,
        *,
        worker: Worker | None = None,
    ) -> None:
        self.worker = Worker() if worker is None else worker


class DeregisterWorkerResponse(Message):
    """Response of DeregisterWorker."""

    __slots__ = (
        "jobs_released",
    )
    _fields = (
        ("jobs_released", "jobsReleased", "int32"),
    )

    jobs_released: int
    """Number of jobs that were taken back and are pending again."""

    def __init__(
        self,
        *,
        jobs_released: int = 0,
    ) -> None:
        self.jobs_released = jobs_released


class GetWorkerResponse(Message):
    """Response of GetWorker."""

    __slots__ = (
        "worker",
    )
    _fields = (
        ("worker", "worker", "message Worker"),
    )

    worker: Worker
    """The worker."""

    def __init__(
        self,
        *,
        worker: Worker | None = None,
    ) -> None:
        self.worker = Worker() if worker is None else worker


class ListWorkersResponse(Message):
    """Response of ListWorkers."""

    __slots__ = (
        "workers",
        "next_page_token",
    )
    _fields = (
        ("workers", "workers", "list message Worker"),
        ("next_page_token", "nextPageToken", "plain"),
    )

    workers: list[Worker]
    """One page of workers, latest registration first."""

    next_page_token: str
    """Token of the next page. Empty on the last."""

    def __init__(
        self,
        *,
        workers: list[Worker] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.workers = [] if workers is None else workers
        self.next_page_token = next_page_token


class RemoveStaleWorkersResponse(Message):
    """Response of RemoveStaleWorkers."""

    __slots__ = (
        "removed",
        "jobs_requeued",
    )
    _fields = (
        ("removed", "removed", "int32"),
        ("jobs_requeued", "jobsRequeued", "int32"),
    )

    removed: int
    """Number of workers removed."""

    jobs_requeued: int
    """Number of jobs that they held and that are pending again."""

    def __init__(
        self,
        *,
        removed: int = 0,
        jobs_requeued: int = 0,
    ) -> None:
        self.removed = removed
        self.jobs_requeued = jobs_requeued


class GetClusterStatsResponse(Message):
    """Response of GetClusterStats."""

    __slots__ = (
        "total_workers",
        "idle_workers",
        "busy_workers",
        "draining_workers",
        "offline_workers",
        "healthy_workers",
        "degraded_workers",
        "unhealthy_workers",
        "total_capacity",
        "used_capacity",
        "available_capacity",
        "load",
        "pending_jobs",
        "scheduled_jobs",
        "running_jobs",
        "completed_jobs",
        "failed_jobs",
        "cancelled_jobs",
        "completed_last_minute",
        "average_duration",
        "health",
        "checked_at",
    )
    _fields = (
        ("total_workers", "totalWorkers", "int32"),
        ("idle_workers", "idleWorkers", "int32"),
        ("busy_workers", "busyWorkers", "int32"),
        ("draining_workers", "drainingWorkers", "int32"),
        ("offline_workers", "offlineWorkers", "int32"),
        ("healthy_workers", "healthyWorkers", "int32"),
        ("degraded_workers", "degradedWorkers", "int32"),
        ("unhealthy_workers", "unhealthyWorkers", "int32"),
        ("total_capacity", "totalCapacity", "int32"),
        ("used_capacity", "usedCapacity", "int32"),
        ("available_capacity", "availableCapacity", "int32"),
        ("load", "load", "double"),
        ("pending_jobs", "pendingJobs", "int32"),
        ("scheduled_jobs", "scheduledJobs", "int32"),
        ("running_jobs", "runningJobs", "int32"),
        ("completed_jobs", "completedJobs", "int32"),
        ("failed_jobs", "failedJobs", "int32"),
        ("cancelled_jobs", "cancelledJobs", "int32"),
        ("completed_last_minute", "completedLastMinute", "int32"),
        ("average_duration", "averageDuration", "duration"),
        ("health", "health", "enum HEALTH_STATUS_"),
        ("checked_at", "checkedAt", "timestamp"),
    )

    total_workers: int
    """Registered workers."""

    idle_workers: int
    """Workers that are IDLE."""

    busy_workers: int
    """Workers that are BUSY."""

    draining_workers: int
    """Workers that are DRAINING."""

    offline_workers: int
    """Workers that are OFFLINE."""

    healthy_workers: int
    """Workers whose health is HEALTHY."""

    degraded_workers: int
    """Workers whose health is DEGRADED."""

    unhealthy_workers: int
    """Workers whose health is UNHEALTHY."""

    total_capacity: int
    """Sum of the capacities of the workers that are IDLE or BUSY."""

    used_capacity: int
    """Jobs that those workers run now."""

    available_capacity: int
    """total_capacity minus used_capacity, at least 0."""

    load: float
    """used_capacity / total_capacity; 0 when there is no capacity."""

    pending_jobs: int
    """Pending jobs that are due."""

    scheduled_jobs: int
    """Pending jobs whose run_at is in the future."""

    running_jobs: int
    """Running jobs."""

    completed_jobs: int
    """Completed jobs still stored."""

    failed_jobs: int
    """Failed jobs still stored."""

    cancelled_jobs: int
    """Cancelled jobs still stored."""

    completed_last_minute: int
    """Jobs completed in the last minute. Beyond 5,000 it is computed from the pace of the latest 5,000."""

    average_duration: timedelta | None
    """Average time from claim to completion of the jobs completed in the last minute, the latest 100 of them.
    Unset when there are none.
    """

    health: HealthStatus
    """Overall health. UNSPECIFIED when no worker is registered."""

    checked_at: datetime
    """When the figures were read."""

    def __init__(
        self,
        *,
        total_workers: int = 0,
        idle_workers: int = 0,
        busy_workers: int = 0,
        draining_workers: int = 0,
        offline_workers: int = 0,
        healthy_workers: int = 0,
        degraded_workers: int = 0,
        unhealthy_workers: int = 0,
        total_capacity: int = 0,
        used_capacity: int = 0,
        available_capacity: int = 0,
        load: float = 0.0,
        pending_jobs: int = 0,
        scheduled_jobs: int = 0,
        running_jobs: int = 0,
        completed_jobs: int = 0,
        failed_jobs: int = 0,
        cancelled_jobs: int = 0,
        completed_last_minute: int = 0,
        average_duration: timedelta | None = None,
        health: HealthStatus = "UNSPECIFIED",
        checked_at: datetime = EPOCH,
    ) -> None:
        self.total_workers = total_workers
        self.idle_workers = idle_workers
        self.busy_workers = busy_workers
        self.draining_workers = draining_workers
        self.offline_workers = offline_workers
        self.healthy_workers = healthy_workers
        self.degraded_workers = degraded_workers
        self.unhealthy_workers = unhealthy_workers
        self.total_capacity = total_capacity
        self.used_capacity = used_capacity
        self.available_capacity = available_capacity
        self.load = load
        self.pending_jobs = pending_jobs
        self.scheduled_jobs = scheduled_jobs
        self.running_jobs = running_jobs
        self.completed_jobs = completed_jobs
        self.failed_jobs = failed_jobs
        self.cancelled_jobs = cancelled_jobs
        self.completed_last_minute = completed_last_minute
        self.average_duration = average_duration
        self.health = health
        self.checked_at = checked_at
