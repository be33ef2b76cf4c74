import { constants, openSync, writeSync } from "node:fs";
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";
import { limits } from "./limits.ts";
import { readableLines } from "./log-lines.ts";
import { makePrintableJson } from "./text.ts";

export type { Logger } from "pino";

/** A log that a part of the service, or a worker, writes to: a pino logger fits, and so does `console`. */
export interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/**
 * A logger that writes one JSON line an event, with credentials blanked out.
 * @param destination where lines go; standard output by default.
 */
export function createLogger(level: LevelWithSilent, destination: DestinationStream = openOutput(1)): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // The paths are spelled out, because a wildcard costs each line 3 µs.
      redact: { paths: ["authorization", "headers.authorization", "metadata.authorization"], censor: "****" },
    },
    destination,
  );
}

/** The lines of all outputs of this process that were left out because they were not taken. */
export const logLoss = { lines: 0 };

/**
 * A destination that writes lines every 4 KiB or 100 ms, and on exit. A write for each request would cost
 * more than its own bookkeeping, and writing in the background twice as much again.
 *
 * It never waits: a reader that stops (a log driver, `| tee`, a frozen terminal) or a full disk must not stop
 * the service. A bounded number of lines is kept for it, and where some are left out, a line tells how many.
 * @param fd 1 for standard output, 2 for standard error.
 * @param format `pretty`: for people; `auto`: that on a terminal, else JSON. Default: `json`.
 */
export function openOutput(fd: 1 | 2, format: "auto" | "json" | "pretty" = "json"): DestinationStream {
  const stream = fd === 1 ? process.stdout : process.stderr;
  const isReadable = format === "pretty" || (format === "auto" && stream.isTTY);
  const output = new Output(
    openUnblocked(fd),
    // A log may be read on a terminal in either form.
    isReadable ? (lines) => readableLines(lines, stream) : makePrintableJson,
  );
  setInterval(() => output.flushSync(), 100).unref();
  process.on("exit", () => output.flushSync());
  return output;
}

/** Opens an output so that a write fails where it would wait. */
function openUnblocked(fd: 1 | 2): number {
  // Node makes pipes and sockets so as soon as it is asked for their stream, but no terminal.
  const { isTTY } = fd === 1 ? process.stdout : process.stderr;
  if (!isTTY || process.platform !== "linux") return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // The terminal is another user's, as after `su`.
    return fd;
  }
}

class Output implements DestinationStream {
  readonly #fd: number;
  readonly #shown: (lines: string) => string;
  /** What is left of a write, which the end of its line must follow. */
  #begun = Buffer.alloc(0);
  #text = "";
  #leftOut = 0;
  /** Set since a write that was not taken: the timer makes the next one. */
  #retry: NodeJS.Timeout | undefined;
  #pauseMs = 1;

  constructor(fd: number, shown: (lines: string) => string) {
    this.#fd = fd;
    this.#shown = shown;
  }

  write(line: string): void {
    if (this.#text.length + line.length > limits.logCharacters) {
      this.#leftOut++;
      logLoss.lines++;
      return;
    }
    this.#text += line;
    if (this.#text.length >= 4_096 && !this.#retry) this.flushSync();
  }

  /** Writes what there is, as far as that is taken. pino calls it for a fatal line. */
  flushSync(): void {
    try {
      for (;;) {
        if (this.#begun.length === 0) this.#takeText();
        if (this.#begun.length === 0) return;
        this.#begun = this.#begun.subarray(writeSync(this.#fd, this.#begun));
        this.#pauseMs = 1;
      }
    } catch {
      // A reader that is only slower than we are is ready again soon.
      this.#pauseMs = Math.min(this.#pauseMs * 2, limits.logRetryMs);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.flushSync();
      }, this.#pauseMs).unref();
    }
  }

  #takeText(): void {
    this.#begun = Buffer.from(this.#shown(this.#text));
    this.#text = "";
    if (this.#leftOut === 0) return;
    const details = { level: "warn", time: new Date().toISOString(), lines: this.#leftOut };
    this.#text = `${JSON.stringify({ ...details, msg: "lines of the log are missing: it was not taken" })}\n`;
    this.#leftOut = 0;
  }
}
