import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves once the process is at work; it is told of, by `started`, as soon as it is there. */
type Launch = (started: (child: ChildProcess) => void) => Promise<ChildProcess>;

/** A process that is started again whenever it has ended, as under a supervisor. */
export class Supervised {
  readonly #launch: Launch;
  readonly #kept: Promise<void>;
  #child: ChildProcess | undefined;
  #starting: ChildProcess | undefined;
  #stopped = false;
  /** Ends that no kill explains: nothing that is killed around it should end it. */
  readonly deaths: string[] = [];
  /** Starts that failed, as they may when what they need is killed just then. */
  readonly failedStarts: string[] = [];

  constructor(launch: Launch) {
    this.#launch = launch;
    this.#kept = this.#keep();
  }

  get isUp(): boolean {
    return this.#child !== undefined;
  }

  /** SIGKILL, and a start in the background. False where it is not up. */
  kill(): boolean {
    return this.#child?.kill("SIGKILL") ?? false;
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.kill();
    // It may be waiting for work that does not come any more.
    this.#starting?.kill("SIGKILL");
    await this.#kept;
  }

  async #keep(): Promise<void> {
    while (!this.#stopped) {
      try {
        const child = await this.#launch((starting) => {
          this.#starting = starting;
        });
        const isOver = child.exitCode !== null || child.signalCode !== null;
        const ended = isOver ? [child.exitCode, child.signalCode] : once(child, "exit");
        let said = "";
        child.stderr?.on("data", (text) => {
          said = `${said}${text}`.slice(-4_000);
        });
        this.#child = child;
        if (this.#stopped) this.kill();
        const [code, signal] = await ended;
        if (signal !== "SIGKILL") this.deaths.push(`ended with ${code ?? signal}: ${said}`);
      } catch (error) {
        if (this.#stopped) return;
        this.failedStarts.push(String(error));
        await sleep(100);
      } finally {
        this.#child = undefined;
      }
    }
  }
}
