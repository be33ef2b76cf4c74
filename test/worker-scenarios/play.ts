import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "@bufbuild/protobuf";
import type { ExpectStatic } from "vitest";
import type { LtbClient } from "../../src/client/index.ts";
import { newId } from "../../src/ids.ts";
import type { RunningService } from "../../src/serve.ts";
import type { NewJob, Scenario, Step, WorkerOptions } from "./format.ts";
import { lookAt } from "./look.ts";
import { WorkerProcess } from "./worker-process.ts";

/** Where scenarios are played. */
export interface Stage {
  service: RunningService;
  client: LtbClient;
  /** The one of the test. */
  expect: ExpectStatic;
}

interface Seen {
  worker: string;
  job: string;
  event: string;
}

/** A scenario under way. Its names stand for jobs and workers that no other scenario has. */
export class Play {
  readonly #stage: Stage;
  readonly #jobType = `scenario-${newId()}`;
  readonly #workers = new Map<string, WorkerProcess>();
  readonly #jobs = new Map<string, { ids: string[]; benchmarkId: string }>();
  readonly #seen: Seen[] = [];
  #callsBefore = new Map<string, number>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /**
   * Plays it to its end, after which workers that still run have to end in order.
   * @throws what was expected and did not come, with the logs of the workers
   */
  async run({ steps }: Scenario): Promise<void> {
    this.#callsBefore = await this.#calls();
    try {
      for (const step of steps)
        for (const [name, given] of Object.entries(step))
          await (this.#does[name as keyof Step] as (given: unknown) => unknown)(given);
      for (const [name, worker] of this.#workers) {
        worker.signal("SIGTERM");
        this.#stage.expect([0, "SIGKILL"], `exit of ${name}`).toContain(await worker.exited);
      }
    } catch (error) {
      for (const [name, { log }] of this.#workers)
        if (error instanceof Error) error.message += `\nlog of ${name}:\n${log}`;
      throw error;
    }
  }

  /** Ends what still runs. */
  async end(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.end()));
  }

  /** What each kind of step does: `format.ts` says it. */
  readonly #does: { [Name in keyof Step]-?: (given: NonNullable<Step[Name]>) => unknown } = {
    create: (jobs) => inTurn(jobs, (name, job) => this.#create(name, job)),
    start: (workers) => inTurn(workers, (name, options) => this.#start(name, options)),
    until: (jobs) =>
      inTurn(jobs, (name, expected) =>
        this.#poll(() => lookAt(this.#stage.client, this.#job(name))).toMatchObject({
          ...expected,
          ...(expected.error !== undefined && { error: this.#stage.expect.stringContaining(expected.error) }),
          ...(expected.dueIn !== undefined && { dueIn: this.#stage.expect.closeTo(expected.dueIn, -2) }),
        }),
      ),
    seen: (expected) =>
      this.#poll(() => this.#seen.map(({ worker, job, event }) => `${worker}: ${job} ${event}`)).toEqual(
        expected,
      ),
    registered: (expected) => this.#poll(() => this.#registered()).toEqual(expected),
    cancel: (name) => this.#stage.client.jobs.cancelJob({ id: this.#job(name).ids[0] ?? "" }),
    drain: (name) => this.#stage.client.workers.drainWorker({ workerId: this.#workerId(name) }),
    remove: (name) => this.#stage.client.workers.deregisterWorker({ workerId: this.#workerId(name) }),
    signal: (signals) => inTurn(signals, (name, signal) => this.#worker(name).signal(signal)),
    network: (networks) => inTurn(networks, (name, network) => this.#worker(name).meet(network)),
    exit: (expected) =>
      inTurn(expected, async (name, code) => {
        const exited = await this.#worker(name).exited;
        if (code === "error") this.#stage.expect(exited).toBeGreaterThan(0);
        else this.#stage.expect(exited).toBe(code);
        this.#workers.delete(name);
      }),
    pause: (seconds) => sleep(seconds * 1_000),
    atOnce: (expected) => this.#stage.expect(mostAtOnce(this.#seen)).toBe(expected),
    calls: (expected) =>
      inTurn(expected, async (method, most) => {
        const made = ((await this.#calls()).get(method) ?? 0) - (this.#callsBefore.get(method) ?? 0);
        this.#stage.expect(made, `calls of ${method}`).toBeLessThanOrEqual(most);
      }),
  };

  async #create(name: string, { do: task, times, type, benchmark, ...rest }: NewJob): Promise<void> {
    const { benchmarks, jobs } = this.#stage.client;
    const fields = { provider: "p", model: "m", dataset: "d", name: this.#jobType };
    const made = benchmark ? await benchmarks.createBenchmark(fields) : undefined;
    const benchmarkId = made?.benchmark?.id ?? "";
    const payload = { do: [task].flat() } as JsonObject;
    const jobType = type === undefined ? this.#jobType : `${this.#jobType}-${type}`;
    const job = { jobType, payload, benchmarkId, ...rest };
    const created = await jobs.batchCreateJobs({ jobs: Array.from({ length: times }, () => job) });
    this.#jobs.set(name, { ids: created.jobs.map(({ id }) => id), benchmarkId });
  }

  async #start(name: string, options: WorkerOptions): Promise<void> {
    const told = ({ job, event }: { job: string; event: string }) => {
      const [named] = [...this.#jobs].find(([, { ids }]) => ids.includes(job)) ?? [];
      this.#seen.push({ worker: name, job: named ?? job, event });
    };
    const named = { ...options, workerId: this.#workerId(name), jobType: this.#jobType };
    this.#workers.set(name, await WorkerProcess.start(this.#stage.service, named, told));
  }

  async #registered(): Promise<string[]> {
    const { workers } = await this.#stage.client.workers.listWorkers({ pageSize: 1_000 });
    const ids = workers.map(({ workerId }) => workerId);
    return [...this.#workers.keys()].filter((name) => ids.includes(this.#workerId(name)));
  }

  /** The number of calls of each method so far, of everybody. */
  async #calls(): Promise<Map<string, number>> {
    const { host, port } = this.#stage.service.httpAddress;
    const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
    const counts = text.matchAll(/^grpc_server_started_total\{.*grpc_method="(\w+)".*\} (\d+)$/gm);
    return new Map([...counts].map(([, method = "", count]) => [method, Number(count)]));
  }

  #poll<T>(look: () => T | Promise<T>) {
    return this.#stage.expect.poll(look);
  }

  #workerId(name: string): string {
    return `${this.#jobType}-${name}`;
  }

  #worker(name: string): WorkerProcess {
    return found(name, this.#workers);
  }

  #job(name: string) {
    return found(name, this.#jobs);
  }
}

function found<T>(name: string, all: ReadonlyMap<string, T>): T {
  const one = all.get(name);
  if (one === undefined) throw new Error(`the scenario has no ${JSON.stringify(name)} yet`);
  return one;
}

async function inTurn<T>(given: Record<string, T>, act: (name: string, one: T) => unknown): Promise<void> {
  for (const [name, one] of Object.entries(given)) await act(name, one);
}

/** The most handlers that ran at the same time, by what they told. */
function mostAtOnce(seen: readonly Seen[]): number {
  let running = 0;
  return Math.max(...seen.map(({ event }) => (running += event === "started" ? 1 : -1)));
}
