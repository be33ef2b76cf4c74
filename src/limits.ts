/** Every limit of the service that is not configuration. The proto comments state the same numbers. */
export const limits = {
  /** A name, model, dataset, sample id, worker id, unique or limit key has at most so many characters. */
  nameLength: 255,
  /** A provider or job type has at most this many characters. */
  providerLength: 100,
  /** A description or an error has at most this many bytes of UTF-8. */
  textBytes: 65_536,
  /** An evaluation's input, output and expected text each have at most this many bytes of UTF-8. */
  evaluationTextBytes: 2 * 1024 * 1024,
  /** All texts and JSON of an evaluation have at most these bytes, to be read in a message of 4 MiB. */
  evaluationBytes: 3_800_000,
  /** A JSON document (metadata, results, …) has at most this many bytes as a `google.protobuf.Value`. */
  jsonBytes: 1024 * 1024,
  /**
   * Objects and lists of a JSON document are nested at most this deep. Each level is up to three messages of
   * Protobuf, in an answer within three more, and Python, C++ and Java read at most 100 within each other.
   */
  jsonDepth: 32,
  /** A number of a JSON text has at most this many characters. */
  numberLength: 1_000,
  labels: 64,
  labelKeyLength: 63,
  labelValueLength: 255,
  requestIdLength: 128,
  /** A tag has at most this many characters, and a job or worker this many tags. */
  tagLength: 100,
  tags: 64,
  /** A worker names at most this many job types. */
  jobTypes: 100,
  maxRetries: 100,
  /** A job is put off, and a key works, for at most 100 years. */
  delayMs: 3_155_760_000_000,
  /** Workers give a job back this often at the cost of no retry; more often it counts as a failure. */
  freeReleases: 10,
  /** Workers put a job off at most this often at the cost of no retry. */
  maxSnoozes: 10_000,
  maxSnoozesDefault: 1_000,
  /** A worker holds the limit key of a job that it puts off for at most an hour at a time. */
  holdMs: 3_600_000,
  /** An attempt at a job ends after this time where the job's creator names none. */
  timeoutSecondsDefault: 300,
  /** An attempt runs, and a retry is put off, for at most a week. */
  timeoutSeconds: 604_800,
  retryAfterMs: 604_800_000,
  /** The pause before a retry grows up to this where its worker names none; up to half is left out. */
  retryPauseSeconds: 300,
  /** A limit of a job key allows at most so many jobs at once, or starts in a minute. */
  /** Most tokens that a job may be estimated to use, and that a limit may allow in a minute. */
  tokens: 1_000_000_000,
  jobLimit: 1_000_000,
  /** Starts of jobs with a limit are kept to be counted, for longer than the minute of `per_minute`. */
  limitStartsMinutes: 2,
  /** A new limit looks for earlier starts among so many statements that changed jobs. */
  limitStartEvents: 100_000,
  /** A progress message or a reason has at most this many characters. */
  messageLength: 1_024,
  /** A claim waits for a job at most this long. */
  claimWaitMs: 30_000,
  /** A waiting claim is answered this long before its own deadline. */
  claimMarginMs: 500,
  /** A page of a list looks at this many jobs at most, however few of them match. */
  scanRows: 5_000,
  /** As many where texts and documents of each decide, which may be of 1 MiB. */
  scanDocuments: 1_000,
  /** One statement, and one call, cancels, retries or deletes at most this many jobs. */
  bulkBatchRows: 500,
  bulkCallRows: 50_000,
  /** One call that changes nothing counts at most so many jobs. */
  bulkDryRows: 100_000,
  /** A cleanup takes at most this age (100 years), and for jobs the second one where none is named. */
  ageDays: 36_500,
  jobAgeDaysDefault: 30,
  /** A change looks this often at a job that keeps moving between being ready, claimed and ended. */
  jobMoves: 20,
  /** Values of this magnitude and above do not count for a metric: squares of larger ones overflow. */
  metricMagnitude: 1e150,
  /** A search by text finds the words of this many first characters of an input, and of an output. */
  searchTextCharacters: 50_000,
  /** A batch of evaluations is written this often because some of them are being deleted. */
  evaluationWriteAttempts: 5,
  /** The audit trail keeps values up to this many bytes; of larger ones it keeps size and hash. */
  auditValueBytes: 2_048,
  /** Denied calls are recorded this often; so many callers have entries of their own in between. */
  deniedIntervalMs: 2_000,
  deniedCallers: 200,
  /** Those of strangers are recorded this often; so many addresses, and methods of one, are told apart. */
  deniedStrangersMs: 60_000,
  deniedStrangers: 20,
  deniedMethods: 20,
  /** One message of an export of entries has about this many bytes. */
  auditChunkBytes: 1024 * 1024,
  /** A list of entries looks at this many statements that wait for the sealer. */
  sealLineRows: 200,
  /** An IP address has at most this many characters, as one of IPv6 that holds one of IPv4. */
  ipAddressLength: 45,
  userAgentLength: 1_024,
  /** A message takes so many bytes for a job besides its documents, tags and keys. */
  jobBytes: 1_000,
  /** A job is shown with this many attempts. */
  attemptsShown: 100,
  /** An attempt is shown with this many characters of its error; the last error is the job's own, whole. */
  attemptErrorLength: 2_048,
  /** The statistics of jobs are folded once there are this many rows of them. */
  statDeltasFolded: 100,
  /** The ready jobs of a lane are counted up to so many. */
  laneJobsCounted: 10_000,
  /** Waiting claims are looked after at least this often. */
  claimPollMs: 1_000,
  /** What a worker is offered is read again this often; a statement that goes by it checks it. */
  offerMs: 1_000,
  /** One statement serves this many waiting claims, at first and at most. */
  /** A claim looks at as many jobs more than it wants, as others may take some, but at most at these. */
  claimSpare: 100,
  claimPollsFirst: 8,
  claimPollsMost: 200,
  /** A claim that others were faster than is made again at once, this often. */
  claimContentions: 20,
  /** The queue has so many lanes, as each slows every claim. One without a job in line goes after so long. */
  lanes: 5_000,
  laneIdleMs: 3_600_000,
  /** A job that enters an empty line looks for the time in so many other lanes of its type. */
  fairLanesRead: 100,
  /** A job of weight 2 takes half a turn. */
  fairWeightMin: 0.01,
  fairWeightMax: 100,
  lanesTidyMs: 600_000,
  /** A server reads all lanes again this often, and otherwise the new ones. */
  lanesReadAllMs: 10_000,
  /** A bulk change looks this often at jobs that were just being claimed or ended. */
  bulkTries: 5,
  /** This many calls share one statement, and as many as `gatherWrites` of a kind run at once. */
  gatherItems: 200,
  /** What callers gave in one such statement has at most this many bytes. */
  gatherBytes: 4 * 1024 * 1024,
  gatherWrites: 2,
  /** Events are kept this long for watchers to resume. */
  eventMinutes: 60,
  /** Watchers look for events this often, and so soon after a change; they outlast failures for so long. */
  watchPollMs: 200,
  watchPokeMs: 20,
  watchPatienceMs: 5_000,
  /** Events that cannot be read for so long stall: watches of named ids then look at these, so often. */
  watchStallMs: 3_000,
  /** A watch that has nothing to tell says so this often. */
  watchSilenceMs: 15_000,
  /** Watchers read so many events, and ids, at a time, and gather so long before they send a message. */
  watchPortionEvents: 500,
  watchPortionIds: 1_000,
  watchCollectMs: 1_000,
  /** One statement reads this many jobs for watchers. */
  watchPageJobs: 250,
  /** A server keeps so many latest ids for its watchers; so many of them read at once. */
  watchWindowIds: 20_000,
  watchReads: 4,
  /** All watchers get so many messages of benchmarks, at 20 µs each; one is held back so long for that. */
  watchMessagesPerSecond: 5_000,
  watchRestMs: 5_000,
  /** One statement reads so many benchmarks for all watchers; so many reads are kept, for so long. */
  watchStates: 1_000,
  watchStateReads: 8,
  watchStateMs: 1_000,
  /** Servers tell each other of changes at most this often. */
  hintIntervalMs: 20,
  /** A hint may take so long; its connection is checked so often, and is made again after such pauses. */
  hintTimeoutMs: 5_000,
  hintCheckMs: 30_000,
  hintRetryFirstMs: 200,
  hintRetryMs: 10_000,
  /** Leases, due jobs and stale workers are looked after this often. */
  queueMaintenanceMs: 250,
  /** A database that has not answered for this long was away, and with it the renewals of leases. */
  outageMs: 2_000,
  /** A lease lasts so long where the worker leaves it open, at least, and at most. */
  leaseMs: 30_000,
  leaseMinMs: 1_000,
  leaseMaxMs: 3_600_000,
  /** A worker runs at most this many jobs at once, and a heartbeat names as many leases. */
  workerCapacity: 10_000,
  heartbeatLeases: 10_000,
  /** Workers are asked to call Heartbeat this often; after as long, claims and progress count as one. */
  heartbeatIntervalMs: 5_000,
  /** A worker silent for so long is degraded, and then offline. */
  workerDegradedMs: 10_000,
  workerOfflineMs: 30_000,
  /** The longest silence of workers that can be asked for is 100 years. */
  silenceMs: 3_155_760_000_000,
  /** Above this share of used capacity the cluster is degraded. */
  clusterLoad: 0.9,
  /** One transaction removes this many stale workers. */
  staleWorkers: 20,
  /** The cluster's average duration is taken from this many latest completions. */
  durationSample: 100,
  /** Completions of the last minute are counted one by one up to this many. */
  completionsCounted: 5_000,
  /** A batch has at most this many items. */
  batchItems: 1_000,
  /** A user name has at most this many characters; an email address up to `nameLength`. */
  usernameLength: 100,
  emailMinLength: 3,
  passwordMinLength: 8,
  passwordLength: 1_024,
  passwordHashLength: 255,
  /** So many passwords are hashed at once, each with a thread and 19 MiB; so many wait, for so long. */
  passwordChecks: 2,
  passwordQueue: 64,
  passwordWaitMs: 5_000,
  /** So many logins ask the database at once, and so many wait for it. */
  logins: 4,
  loginsWaiting: 1_000,
  /** An address may log in so often a second, and so often at once after a pause; so many are known. */
  loginsPerSecond: 5,
  loginsBurst: 60,
  loginAddresses: 10_000,
  /** A failed login is answered no sooner, so that its time tells even less. */
  loginFailureMs: 300,
  sessionHours: 12,
  /** An address from which an account logged in is trusted this long not to be a stranger's. */
  knownAddressDays: 90,
  /** Failed logins are forgotten after this time without any. */
  loginFailuresHours: 24,
  /** A code that Login takes once is good for so long. */
  loginCodeMinutes: 10,
  /** A request to sign in to the console has at most so many bytes. */
  signInBytes: 8 * 1024,
  /** Sessions that are over are removed this often. */
  loginCleanupMs: 60_000,
  /** A key has at most this many scopes; a rotated key works on for at most 30 days. */
  scopes: 64,
  rotationOverlapMs: 2_592_000_000,

  /** So many calls run at once, of all and of one key, unless configured: 0.4 s at 10,000 a second. */
  callsInProgress: 4_000,
  callsInProgressOfKey: 1_000,
  /** Calls that wait for an event may be so many times as many: 20,000 waiting streams took 418 MB. */
  waitingCallsFactor: 5,
  /** Requests that no handler has taken yet have so many bytes together; half of it may be one caller's. */
  requestBytes: 128 * 1024 * 1024,
  /** Calls that take no credential have requests of at most so many bytes. */
  openRequestBytes: 16 * 1024,
  /** So many of these run at once, of all and of one address; the same again of those that are streams. */
  openCalls: 2_000,
  openCallsOfAddress: 500,
  /** No list of a unary request has more items: as many as a heartbeat may name leases. */
  listItems: 10_000,
  /** A server knows this many credentials, and remembers as many unknown ones. */
  credentialsKnown: 10_000,
  credentialsUnknown: 10_000,
  /** The known ones are checked this often, and are good for so long when that fails. */
  credentialCheckMs: 500,
  credentialOverdueMs: 10_000,
  /** One check may take this long, and what is unknown is taken to stay so as long. */
  credentialTimeoutMs: 2_000,
  credentialUnknownMs: 2_000,
  /** An authorization of more characters is not looked at: no credential takes as many. */
  authorizationLength: 512,
  /** A credential that is not used for so long is no longer checked. */
  credentialIdleMs: 60_000,
  /** Its last use is written at most this often. */
  credentialTouchMs: 60_000,
  /** So many credentials are looked up at once, and so many calls wait for it. */
  credentialLookups: 4,
  credentialLookupsWaiting: 1_000,
  /** A server knows so many creators of benchmarks and workers, for so long: see `KnownOwners`. */
  ownersKnown: 10_000,
  ownersKnownMs: 5_000,

  /** A page has so many items where the request leaves its size open, and may ask for so many. */
  pageSizeDefault: 50,
  pageSizeMax: 1_000,
  /** So many different values of a field are looked at for those that begin with a prefix. */
  distinctValues: 10_000,
  /** A dataset's benchmarks are counted up to so many, and so many of its metrics are named. */
  countedBenchmarks: 10_000,
  datasetMetrics: 100,
  /** In the view with summaries a page has so many benchmarks at most. */
  summarizedBenchmarks: 100,
  /** A page also ends at about this many bytes, so that it fits into a message. */
  pageBytes: 3 * 1024 * 1024,

  /** StreamEvaluations writes so many rows, and bytes, by one statement. */
  streamBatchRows: 1_000,
  streamBatchBytes: 4 * 1024 * 1024,
  /** This many batches of one stream are written at once: with two the database waits for the next. */
  streamWrites: 3,
  /** A stream's answer describes so many rejected, conflicting and duplicate rows one by one. */
  streamIssues: 100,
  /** Rollups of a benchmark are kept of this many metrics of its own. */
  rollupNames: 256,
  /** A summary reads so many bins of them, 24 bytes each; 256 metrics may have ten times as many. */
  rollupBins: 250_000,
  /**
   * Categories are counted of so many evaluations, the newest, and told of so many metrics, so many of each,
   * the most frequent. A longer text is none.
   */
  categoryRows: 250_000,
  categoryMetrics: 50,
  categories: 50,
  categoryLength: 100,
  /**
   * Evaluations are grouped by a key of so many characters. So many groups are told of, the largest, with so
   * many characters of their values, of so many metrics at once; and so many further ones are named.
   */
  groupByLength: 1_000,
  groups: 200,
  groupValueLength: 200,
  groupMetrics: 20,
  groupsNamed: 1_000,
  /**
   * Histograms are of so many benchmarks at once, as a baseline and the candidates that can be compared with
   * it, with so many bins at most, and if nobody says; of no more different values than these each is told.
   */
  histogramBenchmarks: 21,
  histogramBins: 100,
  histogramBinsDefault: 30,
  histogramValues: 12,
  /** A summary is computed from the rows where they are no more than these, if only that makes it exact. */
  exactEvaluations: 1_000,
  /** Rollups tell so many different values of a metric apart; of more they only tell ranges of 1 %. */
  fewValues: 100,
  /** Whether there are more is guessed from so many evaluations, where all of a benchmark are read. */
  rollupProbedRows: 5_000,
  /** One statement folds the rollups of so many benchmarks; a round repeats it so often for the same. */
  rollupFoldBenchmarks: 50,
  rollupFoldRepeats: 20,
  /** Parts taken away of a benchmark's rollups are merged once there are this many. */
  rollupTakenParts: 100,
  /** A base of rollups is computed again after such a pause, and so many times what it took. */
  rollupComputeMs: 1_000,
  rollupComputePause: 5,
  /** Benchmarks with many evaluations are looked up for that, so many at a time. */
  rollupComputeBenchmarks: 20,
  /** The figures of samples are brought up to date in so many benchmarks at a time, so many at once. */
  sampleFoldBenchmarks: 50,
  sampleFoldSamples: 10_000,
  /** A read computes the figures of so many samples anew that changed since; beyond, those of all. */
  touchedSamples: 20_000,
  /** A leaderboard compares the inputs of so many samples altogether, of entries whose inputs may differ. */
  comparedInputs: 20_000,
  /** A history counts so many runs without a value. */
  unscoredRuns: 1_000,
  /** A sample may be declared to have so many evaluations, and a reducer may be of so many. */
  repetitions: 1_000_000,
  /** One call compares at most this many benchmarks with a baseline. */
  candidates: 20,
  /** So many resamples can be asked for, and so many parts of a larger sample are drawn as wholes. */
  bootstrapSamples: 100_000,
  bootstrapBlocks: 5_000,
  /** So many resample at once, each for seconds of the one core that answers all calls. */
  bootstraps: 1,
  /** So many failures, the newest, are grouped by a line of their error, of which so much is looked at. */
  failuresRead: 20_000,
  failureLineLength: 500,
  /** So many groups of them are told of. */
  failureGroups: 200,
  /** So many evaluations are read by their ids at once. */
  evaluationsRead: 100,
  /** A preview has so many characters of a text at most, and so many if nobody says. */
  previewChars: 1_000,
  previewCharsDefault: 200,
  /** A message of an export has this many evaluations, and ends at about `pageBytes` too. */
  exportChunkRows: 500,
  /** One transaction deletes so many evaluations, at first and at most, to take about this long. */
  deleteFirstRows: 1_000,
  deleteBatchRows: 5_000,
  deleteBatchMs: 100,
  /** A round of `maintenanceIntervalMs` deletes for so long; a caller looks this often if it is done. */
  deleteRoundMs: 800,
  deletePollMs: 50,
  /** Evaluations are searched by so many bytes of metadata, and so many characters of a text. */
  searchBytes: 16_384,
  searchTextLength: 1_024,
  /** So many evaluations are searched without an index, and so many matches are sorted at once. */
  unindexedSearchRows: 100_000,
  searchMatches: 10_000,
  /** One call removes at most this many old evaluations. */
  cleanupCallRows: 100_000,

  /** Work is tried so often after deadlocks and serialization failures; the pause grows from this base. */
  transactionAttempts: 6,
  transactionBackoffMs: 5,
  /** The history of the queue is looked after this often, and kept for so long. */
  queueHistoryMs: 10_000,
  queueHistoryDays: 14,
  /** An answer about it has at most so many steps. */
  queueHistorySteps: 1_500,
  /** Counts are folded and old request ids forgotten this often, so many rows by one statement. */
  maintenanceIntervalMs: 1_000,
  maintenanceBatchRows: 1_000,
  /** A server that stops waits so long for its maintenance before it cancels the queries of it. */
  maintenanceGraceMs: 2_000,
  /** Audit entries are sealed this often; so many close a seal; a commit, and a round, has so many seals. */
  auditSealMs: 1_000,
  auditSealEntries: 1_000,
  auditSealsPerCommit: 10,
  auditSealsPerRound: 200,
  /** So many seals are verified at a time; a call may name so many heads of the chain. */
  auditVerifySeals: 4,
  auditKnownHeads: 100,
  /** Entries are counted that wait for their seal, of so many statements that wrote them. */
  auditUnsealedCounted: 100_000,
  /** One cleanup removes at most this many entries of the audit trail. */
  auditCleanupRows: 20_000,
  /** Retention removes a part of what is too old this often, up to as much as one call of its cleanup. */
  retentionMs: 60_000,
  /** Retention holds still where nothing has happened for so long: the database's clock may be ahead. */
  retentionSilenceDays: 7,
  /** A request id is remembered this long. */
  requestIdHours: 24,
  /** PostgreSQL has so long to stop a cancelled query before its connection is given up. */
  cancelGraceMs: 5_000,
  /** A statement may take this long, and one that several calls share, or wait behind, the second. */
  statementMs: 600_000,
  sharedStatementMs: 30_000,
  /** An answer that callers accept to share serves those who ask within this time of its beginning. */
  sharedAnswerMs: 2_000,
  /** So many shared answers of a method are kept. */
  sharedAnswers: 100,
  /** A server is not ready while a shared statement has run for so long. */
  sharedSilentMs: 10_000,
  /** A new session of PostgreSQL takes its settings within this time. */
  sessionMs: 15_000,
  /** TCP asks whether the database is still there after so long a silence, once a second, ten times. */
  keepAliveMs: 10_000,
  /** Statements that run are looked up in PostgreSQL this often; an answer may be under way for so long. */
  silenceCheckMs: 5_000,
  silenceGraceMs: 1_000,
  /** A statement without an answer is given up after this time where no new connection can be made. */
  silenceUnreachableMs: 20_000,
  /** GetStats counts so many rows of a table one by one. */
  countedRows: 10_000,
  /** So many slow statements are logged in each window of this length; a line names so many request ids. */
  slowLogLines: 10,
  slowLogWindowMs: 10_000,
  slowLogRequestIds: 5,
  /** A shared statement is linked to so many calls in traces. */
  traceLinks: 100,
  /** Failing exports of traces and metrics are logged this often; the last export may take so long. */
  exportFailureLogMs: 60_000,
  lastExportMs: 3_000,
  /** Figures for metrics that are read from the database are good for so long; reading may take so long. */
  metricsAgeMs: 5_000,
  metricsTimeoutMs: 2_000,
  /** The size of the database is good for longer, because it takes a look at every file. */
  metricsSizeAgeMs: 60_000,
  /** So many job types have series of their own; the others are reported together. */
  metricsJobTypes: 50,
  /** A database that has answered no statement for so long is out of reach rather than busy. */
  databaseSilentMs: 5_000,
  /** A start waits for the database this long, where its caller does not say. */
  startupMs: 60_000,
  /** A database that went away is asked again after such pauses, from the first to the longest. */
  outagePauseFirstMs: 50,
  outagePauseMs: 1_000,
  /** A start tells this often what it waits for. */
  outageToldMs: 5_000,
  /** A caller is asked to wait so long for a database without room, and after a conflict. */
  databaseRetryMs: 1_000,
  conflictRetryMs: 100,
  /** This share of the pool is kept for what calls share (claims, heartbeats, completions) and for upkeep. */
  queueShare: 0.25,
  /** Reads of many rows take this share of the pool at once, and those of one key this share of that. */
  heavyReadShare: 1 / 3,
  heavyReadKeyShare: 1 / 2,
  /** One such read takes at most this long; so many wait for their turn, for so long. */
  heavyReadMs: 300_000,
  heavyReadsWaiting: 200,
  heavyReadWaitMs: 60_000,
  /** The embedded PostgreSQL takes so many connections; the pool leaves so many of them to others. */
  embeddedConnections: 60,
  spareConnections: 10,
  /** So many characters of the log are kept for a reader that takes none; further lines are left out. */
  logCharacters: 8 * 1024 * 1024,
  /** A write of the log that is not taken is tried again after a pause that doubles up to this. */
  logRetryMs: 100,
  /** A replica is measured this often, and answers up to this lag where its caller does not say. */
  replicaCheckMs: 500,
  replicaLagMs: 10_000,
  /** A health check waits for the database at most this long. */
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
  /** A longer deadline of a call, in milliseconds, is cut. Timers overflow at 24.8 days. */
  deadlineMs: 24 * 60 * 60 * 1000,
  /** A caller that goes this many milliseconds before its deadline, or later, went because of it. */
  deadlineSlackMs: 100,
  /** Calls have so many milliseconds to end by themselves after the server has begun to stop. */
  abortGraceMs: 500,
  /** The database is probed for health and readiness this often. */
  probeIntervalMs: 1_000,

  /** A listener has so many connections unless configured. Idle ones took 17 KB, 76 KB with TLS. */
  connections: 2_000,
  /** Refused connections are logged at most this often, in milliseconds. */
  refusedLogMs: 10_000,
  /** A client has this long to negotiate TLS. */
  tlsHandshakeMs: 10_000,
  /** The files of the TLS certificates are looked at this often. */
  tlsReloadMs: 5_000,
  /** A certificate is warned of from this many days before its end. */
  tlsExpiryWarningDays: 14,

  /** A gRPC connection has so many calls; clients queue the rest. 20,000 waiting streams took 418 MB. */
  concurrentStreams: 200,
  /** A gRPC connection without calls is closed after this many milliseconds: its client may be gone. */
  connectionIdleMs: 15 * 60 * 1000,
  /** A gRPC connection has to reconnect after this time, so that calls spread over new servers. */
  connectionAgeMs: 60 * 60 * 1000,
  /** Calls still running on an aged connection may go on as long as the longest deadline allows. */
  connectionAgeGraceMs: 24 * 60 * 60 * 1000,
  /** A silent gRPC connection is pinged after this time: half-open ones hold streams. */
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  /** A reset so soon after the end of a gRPC request stream makes it a cancelled one. */
  cancelAfterEndMs: 5,
  /** The client of an answered gRPC call has this long to end its request before a reset. */
  unreadRequestMs: 1_000,
  /** So many bytes of a response stream wait for a slow reader before the handler has to wait. */
  streamBufferBytes: 256 * 1024,

  /** A request has one element (of lists, maps, JSON documents) for so many bytes of the largest message. */
  elementBytes: 16,
  /** Messages are decoded to this depth. */
  messageDepth: 100,

  /** The header of an HTTP/1.1 request has at most this many bytes. */
  httpHeaderBytes: 16 * 1024,
  /** An HTTP request's header has to come in this time: against clients that trickle. */
  httpHeadersTimeoutMs: 10_000,
  /** All of it, and each message of gRPC, has to come in this time; those of gRPC are looked at so often. */
  requestTimeoutMs: 5 * 60 * 1000,
  requestSweepMs: 10_000,
  /** An idle HTTP connection is closed after this time, longer than the 60 s of usual proxies. */
  httpKeepAliveMs: 65_000,
  /** The client of an answered HTTP request has this long to end it, as with nginx's lingering_time. */
  httpUnreadMs: 30_000,
  /** Smaller HTTP responses are not compressed: gzip more than halves throughput. */
  httpCompressMinBytes: 8 * 1024,
  /** A browser may keep the answer to a CORS preflight this long. */
  corsMaxAgeSeconds: 7_200,

  /** So many characters of the path of a request to nothing are logged, and answered. */
  unknownPathLength: 200,
  /** An error message has so many bytes: percent-encoded and with its details it must fit into 8 KiB. */
  errorMessageBytes: 1_024,
  /** An error describes so many bytes of violations; the rest is left out. */
  errorViolationBytes: 3_072,
} as const;
