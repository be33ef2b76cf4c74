import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RunningService } from "../../src/serve.ts";
import type { Network, WorkerOptions } from "./format.ts";
import { type Way, wayTo } from "./network.ts";

const root = join(import.meta.dirname, "..", "..");
const typescript = [process.execPath, join(import.meta.dirname, "program.ts")];
const [file = "", ...args] = process.env.LTB_WORKER_PROGRAM?.split(" ") ?? typescript;

/** Whether workers are those of TypeScript, which have one thread. */
export const isTypescript = process.env.LTB_WORKER_PROGRAM === undefined;

/** A worker in a process of its own, with ways of its own to the service. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #ways: readonly Way[];
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** The end of what it wrote to standard error. */
  log = "";

  private constructor(child: ChildProcess, ways: readonly Way[]) {
    this.#child = child;
    this.#ways = ways;
    this.exited = once(child, "exit").then(([code, signal]) => {
      for (const way of ways) way.close();
      return code ?? signal;
    });
    child.stderr?.on("data", (text) => {
      this.log = `${this.log}${text}`.slice(-10_000);
    });
  }

  /** @param told called with each event that it tells */
  static async start(
    service: RunningService,
    { network, ...options }: WorkerOptions & { workerId: string; jobType: string },
    told: (event: { job: string; event: string }) => void,
  ): Promise<WorkerProcess> {
    const ways = [
      await wayTo(service.grpcAddress.port, network),
      await wayTo(service.httpAddress.port, network),
    ] as const;
    const [grpc, http] = ways.map(({ address }) => address);
    const child = spawn(file, args, {
      cwd: root,
      env: {
        ...process.env,
        LTB_ADDRESS: grpc,
        LTB_URL: process.env.LTB_WORKER_TRANSPORT === "grpc" ? `grpc://${grpc}` : `http://${http}`,
        LTB_WORKER: JSON.stringify(options),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    createInterface(child.stdout).on("line", (line) => told(JSON.parse(line)));
    return new WorkerProcess(child, ways);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  meet(network: Network): void {
    for (const way of this.#ways) way.set(network);
  }

  /** Ends it, whatever it does. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }
}
