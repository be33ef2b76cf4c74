import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const PATIENCE_MS = 600_000;

/** A block failed. The message is what it printed. */
export class Failed extends Error {}

/** The shell of a reader who goes through one document: what a block sets is there for the next. */
export class Shell {
  readonly #child: ChildProcess;
  readonly #mark = `mark-${process.pid}-${Math.random()}`;
  #output = "";
  #heard = Promise.withResolvers<void>();
  #ended = false;
  readonly #closed = Promise.withResolvers<void>();
  readonly #jobs = new Set<string>();

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn("bash", ["--norc"], { cwd, env, stdio: ["pipe", "pipe", "inherit"], detached: true });
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#output += chunk;
      this.#hear();
    });
    // A shell that ends at a failed block leaves what it runs behind, which would hold its output open.
    this.#child.once("exit", () => this.#kill());
    this.#child.once("close", () => {
      this.#ended = true;
      this.#closed.resolve();
      this.#hear();
    });
    process.once("exit", () => this.#kill());
    this.#send("exec 2>&1; set -e -o pipefail");
  }

  /** Runs the file. @returns what it printed @throws Failed */
  async run(file: string): Promise<string> {
    this.#output = "";
    this.#send(`. '${file}' </dev/null; echo; echo ${this.#mark} 0`);
    const [, printed = ""] = await this.#until(new RegExp(`^([\\s\\S]*)\\n${this.#mark} 0\n`));
    return printed;
  }

  /** Runs the file in the background until it has printed the text. @returns its number @throws Failed */
  async start(file: string, text: string): Promise<string> {
    this.#output = "";
    // Ctrl-C reaches it only where it has a process group of its own. `set -e` ends it where it fails.
    this.#send(
      `set -m; { trap 'echo ${this.#mark} ended' EXIT; . '${file}' </dev/null; } & set +m; echo ${this.#mark} $!`,
    );
    const [, job = ""] = await this.#until(new RegExp(`${this.#mark} (\\d+)`));
    this.#jobs.add(job);
    const [, ended] = await this.#until(new RegExp(`(${this.#mark} ended)|${RegExp.escape(text)}`));
    if (ended !== undefined) throw new Failed(this.#output);
    return job;
  }

  /** Ends what was started as Ctrl-C would. @throws Failed where it does not end well */
  async interrupt(job: string): Promise<void> {
    this.#send(`kill -INT -- -${job}; code=0; wait ${job} || code=$?; echo; echo ${this.#mark} code $code`);
    const [, code] = await this.#until(new RegExp(`${this.#mark} code (\\d+)`));
    this.#jobs.delete(job);
    // A shell says 130 of what Ctrl-C has ended, and `go run` says 1.
    if (!["0", "1", "130"].includes(code ?? "")) throw new Failed(`${this.#output}\nit ended with ${code}`);
  }

  /** Ends the shell and what it runs. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#kill();
    await this.#closed.promise;
  }

  #kill(): void {
    for (const group of [...this.#jobs, this.#child.pid ?? 0]) {
      try {
        if (!this.#ended) process.kill(-Number(group), "SIGTERM");
      } catch {
        // It has ended by itself.
      }
    }
  }

  #send(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  #hear(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  async #until(pattern: RegExp): Promise<RegExpExecArray> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found) return found;
      if (this.#ended) throw new Failed(this.#output);
      if (late.aborted) throw new Failed(`${this.#output}\nit did not end within ${PATIENCE_MS / 1000} s`);
      await Promise.race([this.#heard.promise, once(late, "abort")]);
    }
  }
}
