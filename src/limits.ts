/** Every limit of the service that is not configuration. The proto comments state the same numbers. */
export const limits = {
  /** Characters of a name, model, dataset, sample id, worker id, unique or limit key. */
  nameLength: 255,
  /** Characters of a provider or job type. */
  providerLength: 100,
  /** Characters of a description or an error. */
  textLength: 65_536,
  /** UTF-8 bytes of an evaluation's input, output or expected text. */
  evaluationTextBytes: 2 * 1024 * 1024,
  /**
   * UTF-8 bytes of an evaluation's texts and JSON together, so that one that can be stored can also be read:
   * it has to fit into a message of 4 MiB.
   */
  evaluationBytes: 3_800_000,
  /** Bytes of one JSON document (metadata, results, metrics, payload) as a `google.protobuf.Value`. */
  jsonBytes: 1024 * 1024,
  /** Objects and lists within each other in a JSON document. */
  jsonDepth: 100,
  labels: 64,
  labelKeyLength: 63,
  labelValueLength: 255,
  /** Characters of a client's request id. */
  requestIdLength: 128,
  /** Characters of a tag, and tags of a job or worker. */
  tagLength: 100,
  tags: 64,
  /** Job types that a worker names. */
  jobTypes: 100,
  maxRetries: 100,
  /** How long one attempt at a job may run whose creator does not say. */
  timeoutSecondsDefault: 300,
  /** A week: the longest that one attempt may run, and that a retry may be put off. */
  timeoutSeconds: 604_800,
  retryAfterMs: 604_800_000,
  /** The longest pause before a retry whose worker names none; up to a half of it is left out at random. */
  retryPauseSeconds: 300,
  /** The highest limit of a job key: jobs that run at once, or that start in a minute. */
  jobLimit: 1_000_000,
  /** How long starts of jobs with a limit a minute are kept to be counted: longer than that minute. */
  limitStartsMinutes: 2,
  /** Characters of a progress message or a reason. */
  messageLength: 1_024,
  /** How long a claim may wait for a job. */
  claimWaitMs: 30_000,
  /** How long before its own deadline a waiting claim is answered. */
  claimMarginMs: 500,
  /** Jobs that one page of a list looks at, however few of them match. */
  scanRows: 5_000,
  /** Jobs that are cancelled, retried or deleted by one statement, and by one call. */
  bulkBatchRows: 500,
  bulkCallRows: 50_000,
  /** Days of age that a cleanup may be asked for (100 years), and those of jobs where none are named. */
  ageDays: 36_500,
  jobAgeDaysDefault: 30,
  /** How often a change looks again at a job that keeps moving between being ready, claimed and ended. */
  jobMoves: 20,
  /** Values of this magnitude and above do not count for a metric: squares of larger ones overflow. */
  metricMagnitude: 1e150,
  /** Characters of an evaluation's input, and of its output, whose words a search by text finds. */
  searchTextCharacters: 50_000,
  /** How often a batch of evaluations is written again because some of them are being deleted. */
  evaluationWriteAttempts: 5,
  /** Bytes of a value that the audit trail keeps as it is; of larger ones it keeps size and hash. */
  auditValueBytes: 2_048,
  /** How often denied calls are recorded, and how many callers have entries of their own in between. */
  deniedIntervalMs: 2_000,
  deniedCallers: 200,
  /** About how many bytes one message of an export of entries has. */
  auditChunkBytes: 1024 * 1024,
  /** Statements waiting for the sealer that a list of entries looks at. */
  sealLineRows: 200,
  /** Characters of an IP address, as one of IPv6 that holds one of IPv4, and of a user agent. */
  ipAddressLength: 45,
  userAgentLength: 1_024,
  /** Attempts that are shown with a job. */
  attemptsShown: 100,
  /** The statistics of jobs are folded once there are this many rows of them. */
  statDeltasFolded: 100,
  /** Lanes that the answer to a pause or its end names. */
  lanesShown: 1_000,
  /** Waiting claims are looked after at least this often. */
  claimPollMs: 1_000,
  /** Waiting claims that one statement serves: at first, and at most. */
  claimPollsFirst: 8,
  claimPollsMost: 200,
  /** How often a claim that others were faster than is made again at once. */
  claimContentions: 20,
  /** How often a server reads all lanes again rather than the new ones. */
  lanesReadAllMs: 10_000,
  /** How often a bulk change looks again at jobs that were just being claimed or ended. */
  bulkTries: 5,
  /** Calls that share one statement, and statements of a kind that run at once. */
  gatherItems: 200,
  /** Bytes of payloads and metadata in one such statement. */
  gatherBytes: 4 * 1024 * 1024,
  gatherWrites: 2,
  /** How long events are kept for watchers to resume. */
  eventMinutes: 60,
  /** Watchers look for events this often, and so soon after a change; they outlast failures for so long. */
  watchPollMs: 200,
  watchPokeMs: 20,
  watchPatienceMs: 5_000,
  /** A watch that has nothing to tell says so this often. */
  watchSilenceMs: 15_000,
  /** Events, and ids, that are read at a time, and how long a watcher gathers before it sends a message. */
  watchPortionEvents: 500,
  watchPortionIds: 1_000,
  watchCollectMs: 1_000,
  /** Jobs that are read by one statement. */
  watchPageJobs: 250,
  /** Ids of the latest events that a server keeps for its watchers, and reads of watchers at once. */
  watchWindowIds: 20_000,
  watchReads: 4,
  /** Messages of benchmarks to all watchers, at 20 µs each, and how long one is held back for that. */
  watchMessagesPerSecond: 5_000,
  watchRestMs: 5_000,
  /** Benchmarks that one statement reads for all watchers; such reads that are kept, and for how long. */
  watchStates: 1_000,
  watchStateReads: 8,
  watchStateMs: 1_000,
  /** Servers tell each other of changes at most this often. */
  hintIntervalMs: 20,
  /** How long a hint may take; how often its connection is checked, and at most waits to be made again. */
  hintTimeoutMs: 5_000,
  hintCheckMs: 30_000,
  hintRetryMs: 10_000,
  /** How often leases, due jobs and stale workers are looked after. */
  queueMaintenanceMs: 250,
  /** A database that has not answered for this long was away, and with it the renewals of leases. */
  outageMs: 2_000,
  /** How long a lease lasts: where the worker leaves it open, at least and at most. */
  leaseMs: 30_000,
  leaseMinMs: 1_000,
  leaseMaxMs: 3_600_000,
  /** Most jobs that a worker may run at once, and leases that one heartbeat may name. */
  workerCapacity: 10_000,
  heartbeatLeases: 10_000,
  /** Workers are asked to call Heartbeat this often; after as long, claims and progress count as one. */
  heartbeatIntervalMs: 5_000,
  /** A worker silent for so long is degraded, and then offline. */
  workerDegradedMs: 10_000,
  workerOfflineMs: 30_000,
  /** The longest silence of workers that can be asked for: 100 years. */
  silenceMs: 3_155_760_000_000,
  /** Above this share of used capacity the cluster is degraded. */
  clusterLoad: 0.9,
  /** Stale workers that are removed by one transaction. */
  staleWorkers: 20,
  /** Latest completions that the cluster's average duration is taken from. */
  durationSample: 100,
  /** Completions of the last minute that are counted one by one. */
  completionsCounted: 5_000,
  /** Items of one batch. */
  batchItems: 1_000,
  /** Characters of a user name; an email address has up to `nameLength`. */
  usernameLength: 100,
  emailMinLength: 3,
  /** Characters of a password. */
  passwordMinLength: 8,
  passwordLength: 1_024,
  /** Characters of a password's hash. */
  passwordHashLength: 255,
  /** Passwords hashed or checked at once, each with a thread and 19 MiB; that wait, and for how long. */
  passwordChecks: 2,
  passwordQueue: 64,
  passwordWaitMs: 5_000,
  /** A failed login is answered no sooner, so that its time tells even less. */
  loginFailureMs: 300,
  /** How long a session lasts. */
  sessionHours: 12,
  /** How long an address from which an account logged in is trusted not to be a stranger's. */
  knownAddressDays: 90,
  /** Failures are forgotten after this time without any. */
  loginFailuresHours: 24,
  /** How often sessions that are over are removed. */
  loginCleanupMs: 60_000,
  /** Scopes of a key, and the longest time for which a rotated key works on: 30 days. */
  scopes: 64,
  rotationOverlapMs: 2_592_000_000,

  /** Calls in progress at once, of all and of one key, unless configured: 0.4 s at 10,000 a second. */
  callsInProgress: 4_000,
  /** Credentials that a server knows, and unknown ones that it remembers. */
  credentialsKnown: 10_000,
  credentialsUnknown: 10_000,
  /** How often the known ones are checked, and how long they are good when that fails. */
  credentialCheckMs: 500,
  credentialOverdueMs: 10_000,
  /** How long one check may take, and how long what is unknown is taken to stay so. */
  credentialTimeoutMs: 2_000,
  credentialUnknownMs: 2_000,
  /** Characters of an authorization: longer ones are not looked at. No credential takes as many. */
  authorizationLength: 512,
  /** A credential that is not used for so long is no longer checked. */
  credentialIdleMs: 60_000,
  /** Its last use is written at most this often. */
  credentialTouchMs: 60_000,
  /** Credentials that are looked up at once, and calls that wait for it. */
  credentialLookups: 4,
  credentialLookupsWaiting: 1_000,
  /** Creators of benchmarks and workers that a server knows of, and for how long: see `KnownOwners`. */
  ownersKnown: 10_000,
  ownersKnownMs: 5_000,

  /** Items of a page where the request leaves its size open, and the most it may ask for. */
  pageSizeDefault: 50,
  pageSizeMax: 1_000,
  /** A page also ends at about this many bytes, so that it fits into a message. */
  pageBytes: 3 * 1024 * 1024,

  /** Rows and bytes that StreamEvaluations writes by one statement. */
  streamBatchRows: 1_000,
  streamBatchBytes: 4 * 1024 * 1024,
  /** Batches of one stream that are being written at once. */
  streamWrites: 2,
  /** Rejected, conflicting and duplicate rows that a stream's answer describes one by one. */
  streamIssues: 100,
  /** Metrics of its own that a benchmark's rollups are kept of. */
  rollupNames: 256,
  /** Benchmarks whose rollups one statement folds, and how often a round repeats it for the same ones. */
  rollupFoldBenchmarks: 50,
  rollupFoldRepeats: 20,
  /** Parts taken away of one benchmark that are merged. */
  rollupTakenParts: 100,
  /** The pause before a base of rollups is computed again: so long, and so many times what it took. */
  rollupComputeMs: 1_000,
  rollupComputePause: 5,
  /** Benchmarks with many evaluations that are looked up at a time for that. */
  rollupComputeBenchmarks: 20,
  /** Benchmarks that are compared with a baseline by one call. */
  candidates: 20,
  /** Bootstrap resamples that can be asked for, and parts of a larger sample that are drawn as wholes. */
  bootstrapSamples: 100_000,
  bootstrapBlocks: 5_000,
  /** Evaluations in one message of an export, which ends at about `pageBytes` too. */
  exportChunkRows: 500,
  /** Evaluations that one transaction deletes: at first, at most, and so that it takes about this long. */
  deleteFirstRows: 1_000,
  deleteBatchRows: 5_000,
  deleteBatchMs: 100,
  /** How long a round of `maintenanceIntervalMs` deletes, and how often a caller looks if it is done. */
  deleteRoundMs: 800,
  deletePollMs: 50,
  /** Bytes of metadata and characters of a text that evaluations are searched by. */
  searchBytes: 16_384,
  searchTextLength: 1_024,
  /** Evaluations of a benchmark that are searched without an index, and matches that are sorted at once. */
  unindexedSearchRows: 100_000,
  searchMatches: 10_000,
  /** Old evaluations that one call removes. */
  cleanupCallRows: 100_000,

  /** Attempts at work after deadlocks and serialization failures, and the base of the growing pause. */
  transactionAttempts: 6,
  transactionBackoffMs: 5,
  /** How often counts are folded and old request ids forgotten, and rows that one statement of it takes. */
  maintenanceIntervalMs: 1_000,
  maintenanceBatchRows: 1_000,
  /** How long a server that stops waits for its maintenance before it cancels the queries of it. */
  maintenanceGraceMs: 2_000,
  /** How often audit entries are sealed; entries that close a seal; seals of one commit and one round. */
  auditSealMs: 1_000,
  auditSealEntries: 1_000,
  auditSealsPerCommit: 10,
  auditSealsPerRound: 200,
  /** Seals that are verified at a time, and heads of the chain that a call may name. */
  auditVerifySeals: 4,
  auditKnownHeads: 100,
  /** Entries of the audit trail that one cleanup removes. */
  auditCleanupRows: 20_000,
  /** How often retention removes a part of what is too old, up to as much as one call of its cleanup. */
  retentionMs: 60_000,
  /** How long a request id is remembered. */
  requestIdHours: 24,
  /** How long PostgreSQL has to stop a query that is cancelled before its connection is given up. */
  cancelGraceMs: 5_000,
  /** Rows of a table that GetStats counts one by one. */
  countedRows: 10_000,
  /** Slow statements that are logged in each window of this length, and request ids that a line names. */
  slowLogLines: 10,
  slowLogWindowMs: 10_000,
  slowLogRequestIds: 5,
  /** Calls that a shared statement is linked to in traces. */
  traceLinks: 100,
  /** How often failing exports of traces and metrics are logged, and how long the last one may take. */
  exportFailureLogMs: 60_000,
  lastExportMs: 3_000,
  /** How long figures for metrics that are read from the database are good, and how long that may take. */
  metricsAgeMs: 5_000,
  metricsTimeoutMs: 2_000,
  /** The same of the size of the database, which looks at every file. */
  metricsSizeAgeMs: 60_000,
  /** Job types that have series of their own; the others are reported together. */
  metricsJobTypes: 50,
  /** A database that has answered no statement for so long is out of reach rather than busy. */
  databaseSilentMs: 5_000,
  /** How often it is measured how far a replica is behind. */
  replicaCheckMs: 500,
  /** How long a health check waits for the database. */
  healthCheckMs: 2_000,
} as const;

/**
 * Failed logins that cost nothing, and what each further one delays the next, in milliseconds: at first,
 * doubling, and at most. Counted for an account from one address, for the account from anywhere, and for the
 * address whatever the account.
 */
export const loginDelays = {
  pair: { free: 10, firstMs: 1_000, mostMs: 300_000 },
  account: { free: 20, firstMs: 1_000, mostMs: 60_000 },
  address: { free: 30, firstMs: 1_000, mostMs: 60_000 },
} as const;

/** Limits of what a connection or a call may cost. Message size and default deadline are configuration. */
export const transportLimits = {
  /** Longest deadline of a call, in milliseconds; a longer one is cut. Timers overflow at 24.8 days. */
  deadlineMs: 24 * 60 * 60 * 1000,
  /** A caller that goes this many milliseconds before its deadline, or later, went because of it. */
  deadlineSlackMs: 100,
  /** Milliseconds that calls have to end by themselves after the server has begun to stop. */
  abortGraceMs: 500,
  /** Time between two probes of the database for health and readiness, in milliseconds. */
  probeIntervalMs: 1_000,

  /** Connections of one listener, unless configured. Idle ones took 17 KB in clear text, 76 KB with TLS. */
  connections: 2_000,
  /** Refused connections are logged at most this often, in milliseconds. */
  refusedLogMs: 10_000,
  /** Time that a client has to negotiate TLS, in milliseconds. */
  tlsHandshakeMs: 10_000,
  /** How often the files of the TLS certificates are looked at, in milliseconds. */
  tlsReloadMs: 5_000,
  /** Days before its end from which on a certificate is warned of. */
  tlsExpiryWarningDays: 14,

  /** Calls at once on a gRPC connection; clients queue the rest. 20,000 waiting streams took 418 MB. */
  concurrentStreams: 200,
  /** A gRPC connection without calls is closed after this many milliseconds: its client may be gone. */
  connectionIdleMs: 15 * 60 * 1000,
  /** Milliseconds after which a gRPC connection has to reconnect, so that calls spread over new servers. */
  connectionAgeMs: 60 * 60 * 1000,
  /** Calls still running on an aged connection may go on as long as the longest deadline allows. */
  connectionAgeGraceMs: 24 * 60 * 60 * 1000,
  /** Milliseconds after which a silent gRPC connection is pinged: half-open ones hold streams. */
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  /** Milliseconds after the end of a gRPC request stream within which a reset makes it a cancelled one. */
  cancelAfterEndMs: 5,
  /** Milliseconds that the client of an answered gRPC call has to end its request before a reset. */
  unreadRequestMs: 1_000,
  /** Bytes of a response stream that wait for a slow reader before the handler has to wait. */
  streamBufferBytes: 256 * 1024,

  /** Bytes of an HTTP/1.1 request's header. */
  httpHeaderBytes: 16 * 1024,
  /** Milliseconds to receive an HTTP request's header, and all of it: against clients that trickle. */
  httpHeadersTimeoutMs: 10_000,
  httpRequestTimeoutMs: 5 * 60 * 1000,
  /** Milliseconds after which an idle HTTP connection is closed; longer than the 60 s of usual proxies. */
  httpKeepAliveMs: 65_000,
  /** Milliseconds that the client of an answered HTTP request has to end it, as nginx's lingering_time. */
  httpUnreadMs: 30_000,
  /** HTTP responses below this many bytes are not compressed: gzip more than halves throughput. */
  httpCompressMinBytes: 8 * 1024,
  /** Seconds that a browser may keep the answer to a CORS preflight. */
  corsMaxAgeSeconds: 7_200,

  /** Characters that are logged, and answered, of the path of a request to nothing. */
  unknownPathLength: 200,
  /** Characters of an error message: with its details it must fit into 8 KiB of metadata. */
  errorMessageLength: 1_024,
  /** Bytes of violations that an error describes; the rest is left out. */
  errorViolationBytes: 3_072,
} as const;
