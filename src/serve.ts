import type { Address } from "./address.ts";
import { DeniedCalls } from "./audit/denied-calls.ts";
import { type FirstKeys, findFirstKeys, makeFirstAdmin } from "./auth/first-admin.ts";
import type { Config } from "./config.ts";
import { startConfiguredDatabase } from "./configured-database.ts";
import { migrateUp } from "./database/migrate/migrate.ts";
import { Patience } from "./database/statement/patience.ts";
import type { Logger } from "./log.ts";
import { startMaintenance } from "./maintenance.ts";
import { MaintenanceStats } from "./metrics/maintenance.ts";
import { Retention } from "./retention/retention.ts";
import { ServerTls } from "./rpc/tls/server-tls.ts";
import { startServer, tryAddresses } from "./server.ts";
import { services } from "./services.ts";
import { Database } from "./storage.ts";
import { startTelemetry } from "./tracing/telemetry.ts";
import { waitFor } from "./wait.ts";

/** The whole service, serving. */
export interface RunningService {
  /** The bound address, with the port that was chosen for port 0. */
  grpcAddress: Address;
  httpAddress: Address;
  /** Whether both listeners speak TLS. */
  tls: boolean;
  /** Where the data is, for people; without secrets. */
  database: string;
  /** The keys that callers authenticate with. */
  keys: FirstKeys;
  /** Whether there is a web console. */
  console: boolean;
  /** Makes a code that signs in to it once; undefined where none is needed, or no key at hand makes one. */
  makeLoginCode(): Promise<string | undefined>;
  /** Resolves with the cause when the embedded PostgreSQL ends by itself; stop the service then. */
  databaseGone: Promise<string>;
  /** Finishes the calls in flight, closes the pool, stops the embedded PostgreSQL. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts everything in order: the embedded PostgreSQL if it is used, migrations, the pool, both listeners.
 * @param options.signal gives up a start that is still under way
 * @throws what kept the service from starting; everything that was started is stopped by then
 */
export async function serve(
  config: Config,
  { log, signal }: { log: Logger; signal?: AbortSignal },
): Promise<RunningService> {
  for (const warning of config.warnings) log.warn(warning);
  // A failed start, or `stop`, undoes this from the last to the first.
  await using started = new AsyncDisposableStack();
  const telemetry = await startTelemetry(process.env, log);
  started.defer(() => telemetry.stop());
  // These come first: a wrong file or a port that is taken is found before the database is touched.
  const tls = config.tls && (await ServerTls.load(config.tls, log));
  started.defer(() => tls?.stop());
  await tryAddresses(config, log);
  const source = await startConfiguredDatabase(config, { log, signal });
  started.defer(() => source.stop());

  log.info(`the database: ${source.description}`);
  const patience = new Patience(config.startupTimeoutSeconds * 1000, { log, signal });
  // A step is begun again where the database goes away in it. Nobody brings the embedded one back.
  const insist = <T>(work: () => Promise<T>, release?: (late: T) => unknown) =>
    waitUnlessAborted(config.database.kind === "embedded" ? work() : patience.retry(work), signal, release);
  await insist(async () => migrateUp(await source.migrationConnection(patience), { logger: log }));

  const replica = config.database.kind === "external" ? config.database.replica : undefined;
  const connect = () =>
    Database.connect(source.connection, {
      patience,
      listen: config.database.listen,
      preparedStatements: config.preparedStatements,
      ...(replica && { replica: { database: replica, maxLagMs: config.replicaMaxLagSeconds * 1000 } }),
      auditKey: {
        keyFile: config.auditKey.file,
        headFile: config.auditKey.headFile,
        // The servers of another database share one key, so none of them can make it.
        createKey: config.database.kind === "embedded",
        requireKey: config.auditKey.given,
        database: source.description,
      },
      fairBy: config.jobsFairBy,
      slowQueryMs: config.slowQueryMs,
      log,
    });
  const database = await insist(connect, (late) => late.close());
  started.defer(() => database.close());
  await insist(() => database.auditTrail.open());
  const maintenanceStats = new MaintenanceStats();
  const retention = new Retention(database, config.retention, log);
  const tasks = [...database.maintenanceTasks, ...retention.tasks];
  const maintenance = startMaintenance(tasks, log, maintenanceStats);
  started.defer(() => maintenance.stop());

  const keys = await insist(() => makeFirstKeys(database, config));
  const denials = new DeniedCalls(database.executor, log);
  started.defer(() => denials.flush());
  let consolePort = 0;
  const server = await startServer({
    config,
    database,
    services: services(database, config, () => consolePort),
    access: {
      auth: config.auth,
      db: database,
      denials,
      limits: { maxCalls: config.maxCalls, maxCallsPerKey: config.maxCallsPerKey, rate: config.rateLimit },
    },
    reflection: config.reflection,
    metrics: {
      access: config.metrics,
      families: [...database.families, ...maintenanceStats.families(), ...retention.families],
    },
    log,
    tls,
  });
  if (config.console) consolePort = server.httpAddress.port;
  started.defer(() => server.stop());
  telemetry.exportMetrics(server.families);
  // This is undone first: waiting workers get the answer that there are no jobs here, and go elsewhere.
  started.defer(() => database.queue.claimer.drain());

  const running = started.move();
  let stopped: Promise<void> | undefined;
  return {
    grpcAddress: server.grpcAddress,
    httpAddress: server.httpAddress,
    tls: tls !== undefined,
    database: source.description,
    keys,
    console: config.console,
    async makeLoginCode() {
      if (keys.kind !== "file" || keys.codesBy === undefined) return undefined;
      return (await database.users.createLoginCode(keys.codesBy)).code;
    },
    databaseGone: source.gone,
    stop() {
      stopped ??= running.disposeAsync();
      return stopped;
    },
  };
}

async function makeFirstKeys(
  database: Database,
  { auth, database: { kind }, dataDir }: Config,
): Promise<FirstKeys> {
  if (auth === "off") return { kind: "off" };
  const made = kind === "embedded" ? await makeFirstAdmin(database, dataDir) : undefined;
  return findFirstKeys(database, dataDir, made);
}

/** Waits for the promise until the signal aborts; `release` then gets the result that comes all the same. */
function waitUnlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  release: (late: T) => unknown = () => undefined,
): Promise<T> {
  return waitFor(promise, {
    signal,
    onAbort: (waiter, { reason }) => {
      promise.then(release).catch(() => undefined);
      waiter.reject(reason);
    },
  });
}
