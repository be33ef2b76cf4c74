/**
 * `npm run bench:client`: the client's transport beside that of connect-node; calls a second, and processor
 * time a call.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Server, ServerCredentials, type ServerWritableStream, type sendUnaryData } from "@grpc/grpc-js";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { createTransport } from "../../src/client/transport.ts";

const ROUNDS = 3;
const CALLS = 10_000;
const MESSAGES = 20_000;

const job = { jobType: "grade", payload: { prompt: "x".repeat(200) } };

if (process.argv[2] === "serve") serveJobs();
else await compareTransports();

/** Answers at once, in a process of its own: the client's alone is measured. */
function serveJobs(): void {
  const { createJob, watchJobs } = JobService.method;
  const answer = Buffer.from(toBinary(createJob.output, create(createJob.output, { job })));
  const change = Buffer.from(toBinary(watchJobs.output, create(watchJobs.output, { job, cursor: "1" })));
  const keep = (bytes: Buffer) => bytes;
  const server = new Server();
  const respond = (_call: unknown, done: sendUnaryData<Buffer>) => done(null, answer);
  server.register<Buffer, Buffer>("/ltb.v1.JobService/CreateJob", respond, keep, keep, "unary");
  const stream = async (call: ServerWritableStream<Buffer, Buffer>) => {
    for (let sent = 0; sent < MESSAGES; sent++) if (!call.write(change)) await once(call, "drain");
    call.end();
  };
  server.register<Buffer, Buffer>("/ltb.v1.JobService/WatchJobs", stream, keep, keep, "serverStream");
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (_, port) => console.log(port));
}

async function compareTransports(): Promise<void> {
  const server = spawn(process.execPath, [import.meta.filename, "serve"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(createInterface(server.stdout), "line");
  const address = `127.0.0.1:${port}`;
  const ours = createTransport({ address, timeoutMs: 30_000, interceptors: [] });
  const baseUrl = `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const theirs = createGrpcTransport({ baseUrl, sessionManager, defaultTimeoutMs: 30_000 });
  for (let round = 0; round < ROUNDS; round++) {
    await measure("ours", ours);
    await measure("connect-node", theirs);
  }
  ours.close();
  sessionManager.abort();
  server.kill();
}

async function measure(name: string, transport: Transport): Promise<void> {
  const { createJob, watchJobs } = createClient(JobService, transport);
  for (const inFlight of [1, 8, 128]) {
    const calls = async (count: number) => {
      let left = count;
      const caller = async () => {
        while (left-- > 0) await createJob(job);
      };
      await Promise.all(Array.from({ length: inFlight }, caller));
    };
    await calls(CALLS / 5);
    report(name, `calls, ${inFlight} in flight`, CALLS, await timeOf(() => calls(CALLS)));
  }
  const watch = async () => {
    for await (const _ of watchJobs({}, { timeoutMs: 0 }));
  };
  await watch();
  report(name, "messages of a stream", MESSAGES, await timeOf(watch));
}

async function timeOf(work: () => Promise<void>): Promise<{ seconds: number; cpuMicros: number }> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - startedAt) / 1000, cpuMicros: user + system };
}

function report(
  name: string,
  what: string,
  count: number,
  { seconds, cpuMicros }: { seconds: number; cpuMicros: number },
): void {
  const rate = `${Math.round(count / seconds)}/s`.padStart(9);
  console.log(`${name.padEnd(12)}  ${what.padEnd(20)}  ${rate}  ${(cpuMicros / count).toFixed(1)} µs`);
}
