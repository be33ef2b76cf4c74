/**
 * Prints the files of src/ that have a function which runs during one CreateJob over gRPC, as JSON. A program
 * of its own, since Vitest makes each look at an import a function of the file that is imported.
 */
import { Session } from "node:inspector/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { databaseConfig, loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { startServer } from "../../src/server.ts";
import { services } from "../../src/services.ts";
import { Database } from "../../src/storage.ts";

const root = new URL("../../src/", import.meta.url).href;
const settings = JSON.parse(process.argv[2] ?? "{}");
const db = await Database.connect(databaseConfig(settings));
const user = await db.users.create({ username: "ada", email: "ada@example.org", role: "user" });
const { secret = "" } = await db.users.createApiKey({ userId: user.id, name: "test" });
const free = { host: "127.0.0.1", port: 0 };
// With authentication, but without the tasks that a whole service runs beside its calls.
const server = await startServer({
  config: {
    grpc: free,
    http: free,
    corsOrigins: [],
    maxMessageBytes: 65_536,
    defaultDeadlineSeconds: 30,
    drainTimeoutSeconds: 1,
  },
  database: db,
  services: services(db, loadConfig({ env: {}, cwd: "/" })),
  access: { auth: "required", db },
  log: createLogger("info", { write: () => true }),
});
const transport = createGrpcTransport({
  baseUrl: `http://127.0.0.1:${server.grpcAddress.port}`,
  interceptors: [
    (next) => (request) => {
      request.header.set("authorization", `Bearer ${secret}`);
      return next(request);
    },
  ],
});
const jobs = createClient(JobService, transport);
const create = () => jobs.createJob({ jobType: "t", payload: { a: 1 }, priority: 2 });

async function passedFiles(session: Session): Promise<string[]> {
  await session.post("Profiler.takePreciseCoverage");
  await create();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  return result
    .filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
    .filter(({ url }) => url.startsWith(root))
    .map(({ url }) => url.slice(root.length))
    .sort();
}

for (let call = 0; call < 20; call++) await create();
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
// What runs beside one call, as a look at the database, does not run beside each of several.
const calls: string[][] = [];
for (let call = 0; call < 5; call++) calls.push(await passedFiles(session));
session.disconnect();
console.log(JSON.stringify(calls.reduce((least, files) => (files.length < least.length ? files : least))));
await server.stop();
await db.close();
process.exit(0);
