import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import { type JobSchema, type Lease, LeaseOutcome, LeaseSchema } from "../../gen/ltb/v1/job_pb.ts";
import {
  type ClaimJobsRequest,
  type CompleteJobsItem,
  type CompleteJobsRequest,
  type CompleteJobsResponseSchema,
  type FailJobsItem,
  type FailJobsRequest,
  type FailJobsResponseSchema,
  JobService,
  type NextClaim,
  type ReleaseJobsItem,
  type ReleaseJobsRequest,
  type UpdateJobProgressItem,
  type UpdateJobProgressRequest,
} from "../../gen/ltb/v1/job_service_pb.ts";
import {
  type HeartbeatRequest,
  type HeartbeatResponseSchema,
  type RegisterWorkerRequest,
  WorkerService,
} from "../../gen/ltb/v1/worker_service_pb.ts";
import { durationMs, toDuration } from "../../src/wire/duration.ts";

const HEARTBEAT_MS = 40;

interface Calls {
  registerWorker: RegisterWorkerRequest;
  heartbeat: HeartbeatRequest;
  claimJobs: ClaimJobsRequest;
  completeJobs: CompleteJobsRequest;
  failJobs: FailJobsRequest;
  releaseJobs: ReleaseJobsRequest;
  updateJobProgress: UpdateJobProgressRequest;
  deregisterWorker: unknown;
}

/** Does something instead of or around the answer that the service would give. */
type Script<Request> = (request: Request, answer: () => unknown, context: HandlerContext) => unknown;

/**
 * A service of one worker with a queue in memory, whose every answer a test can script. It keeps the rules of
 * leases: what is sent under an epoch that does not hold the job is STALE.
 */
export class FakeService {
  readonly scripts: { [Name in keyof Calls]?: Script<Calls[Name]> } = {};
  readonly calls: { [Name in keyof Calls]: Calls[Name][] } = {
    registerWorker: [],
    heartbeat: [],
    claimJobs: [],
    completeJobs: [],
    failJobs: [],
    releaseJobs: [],
    updateJobProgress: [],
    deregisterWorker: [],
  };
  /** Claims that were granted jobs. */
  granted = 0;
  registered = false;
  drain = false;
  leaseMs: number | undefined;
  readonly ready: Lease[] = [];
  readonly leases = new Map<string, Lease>();
  readonly cancelled = new Set<string>();
  readonly completed = new Map<string, CompleteJobsItem>();
  readonly failed = new Map<string, FailJobsItem>();
  readonly released: string[] = [];
  readonly #claims = new Map<string, Lease[]>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #server: Http2Server | undefined;
  #port = 0;

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts to listen, again on the same port after `crash`. */
  async start(): Promise<void> {
    const server = createServer(connectNodeAdapter({ routes: (router) => this.#routes(router) }));
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
      session.on("error", () => undefined);
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection, and takes no more. */
  crash(): void {
    this.disconnect();
    this.#server?.close();
  }

  /** Cuts every connection; answers to calls that are under way are lost. */
  disconnect(): void {
    for (const session of this.#sessions) session.destroy();
  }

  /** Puts a job into the queue. */
  enqueue(
    payload: JsonObject = {},
    {
      jobType = "test",
      deadlineInMs,
      ...job
    }: MessageInitShape<typeof JobSchema> & { deadlineInMs?: number } = {},
  ): string {
    const id = randomUUID();
    this.ready.push(
      create(LeaseSchema, {
        job: { id, jobType, payloadJson: JSON.stringify(payload), ...job },
        epoch: 0,
        attempt: 1,
        ...(deadlineInMs !== undefined && { deadlineIn: toDuration(deadlineInMs) }),
      }),
    );
    return id;
  }

  /** Takes the lease away, as if it had expired; the job can be claimed again. */
  expire(jobId: string): void {
    const lease = this.leases.get(jobId);
    if (!lease) throw new Error("no such lease");
    this.leases.delete(jobId);
    this.ready.push(lease);
  }

  cancel(jobId: string): void {
    this.cancelled.add(jobId);
    this.leases.delete(jobId);
  }

  #routes(router: ConnectRouter): void {
    const scripted =
      <Name extends keyof Calls, Answer>(
        name: Name,
        answer: (request: Calls[Name], context: HandlerContext) => Answer | Promise<Answer>,
      ) =>
      async (request: Calls[Name], context: HandlerContext): Promise<Answer> => {
        this.calls[name].push(request);
        const script = this.scripts[name] as Script<Calls[Name]> | undefined;
        const normal = () => answer(request, context);
        return (script ? script(request, normal, context) : normal()) as Answer;
      };
    router.service(WorkerService, {
      registerWorker: scripted("registerWorker", () => {
        this.registered = true;
        this.drain = false;
        return { heartbeatInterval: toDuration(HEARTBEAT_MS) };
      }),
      heartbeat: scripted("heartbeat", (request) => this.#heartbeat(request)),
      deregisterWorker: scripted("deregisterWorker", () => {
        this.registered = false;
        return {};
      }),
    });
    router.service(JobService, {
      claimJobs: scripted("claimJobs", (request, { signal }) => this.#claim(request, signal)),
      completeJobs: scripted(
        "completeJobs",
        ({ items, next }): MessageInitShape<typeof CompleteJobsResponseSchema> => ({
          results: items.map((item) => this.#settle(item, () => this.completed.set(item.jobId, item))),
          ...this.#grantNext(next),
        }),
      ),
      failJobs: scripted(
        "failJobs",
        ({ items, next }): MessageInitShape<typeof FailJobsResponseSchema> => ({
          results: items.map((item) => this.#settle(item, () => this.failed.set(item.jobId, item))),
          ...this.#grantNext(next),
        }),
      ),
      releaseJobs: scripted("releaseJobs", ({ items }) => ({
        results: items.map((item) => this.#settle(item, () => this.released.push(item.jobId))),
      })),
      updateJobProgress: scripted("updateJobProgress", ({ items }) => ({
        results: items.map((item) => ({
          jobId: item.jobId,
          outcome: this.#outcome(item),
          expiresIn: toDuration(30_000),
        })),
      })),
    });
  }

  #outcome({
    jobId,
    epoch,
  }: CompleteJobsItem | FailJobsItem | ReleaseJobsItem | UpdateJobProgressItem): LeaseOutcome {
    if (this.cancelled.has(jobId)) return LeaseOutcome.CANCELLED;
    const done = this.completed.get(jobId) ?? this.failed.get(jobId);
    if (done?.epoch === epoch) return LeaseOutcome.OK;
    return this.leases.get(jobId)?.epoch === epoch ? LeaseOutcome.OK : LeaseOutcome.STALE;
  }

  #settle(item: CompleteJobsItem | FailJobsItem | ReleaseJobsItem, keep: () => void) {
    const outcome = this.#outcome(item);
    if (outcome === LeaseOutcome.OK && this.leases.delete(item.jobId)) keep();
    return { jobId: item.jobId, outcome };
  }

  #heartbeat(request: HeartbeatRequest): MessageInitShape<typeof HeartbeatResponseSchema> {
    if (!this.registered) throw new ConnectError("register again", Code.NotFound);
    const gone = request.leases.filter(({ jobId, epoch }) => this.leases.get(jobId)?.epoch !== epoch);
    return {
      drain: this.drain,
      cancelled: gone.filter(({ jobId }) => this.cancelled.has(jobId)),
      lost: gone.filter(({ jobId }) => !this.cancelled.has(jobId)),
      expiresIn: toDuration(durationMs(request.lease)),
    };
  }

  async #claim({ wait, ...claim }: ClaimJobsRequest, signal: AbortSignal) {
    if (!this.registered) throw new ConnectError("register again", Code.NotFound);
    const end = Date.now() + durationMs(wait);
    const isWaiting = (): boolean =>
      this.ready.length === 0 && !this.drain && !this.#claims.has(claim.requestId);
    while (isWaiting() && Date.now() < end && !signal.aborted)
      await new Promise((resolve) => setTimeout(resolve, 2));
    return signal.aborted ? {} : this.#grant(claim);
  }

  #grantNext(next: NextClaim | undefined) {
    return next && this.registered ? this.#grant(next) : {};
  }

  #grant({ requestId, maxJobs, lease: term }: Pick<NextClaim, "requestId" | "maxJobs" | "lease">) {
    const repeated = this.#claims.get(requestId);
    if (repeated)
      return { leases: repeated.filter(({ job, epoch }) => this.leases.get(job?.id ?? "")?.epoch === epoch) };
    if (this.drain) return { drain: true };
    const leases = this.ready.splice(0, maxJobs).map((lease) => {
      const expiresIn = toDuration(this.leaseMs ?? durationMs(term));
      const granted = create(LeaseSchema, { ...lease, epoch: lease.epoch + 1, expiresIn });
      if (granted.job) this.leases.set(granted.job.id, granted);
      return granted;
    });
    if (leases.length > 0) this.granted++;
    this.#claims.set(requestId, leases);
    return { leases };
  }
}

/** A fake service that runs until the test's end. */
export async function startFakeService(): Promise<FakeService> {
  const service = new FakeService();
  await service.start();
  onTestFinished(() => service.crash());
  return service;
}
