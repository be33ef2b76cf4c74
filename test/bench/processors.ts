import { readdirSync, readFileSync } from "node:fs";

/** Seconds of processor, by who took them: what calls, the service, and PostgreSQL. */
export type ProcessorSeconds = Record<"client" | "service" | "postgres", number>;

/** Ticks a second of Linux's figures in /proc (`getconf CLK_TCK`); the same on all its platforms. */
const ticksPerSecond = 100;

/**
 * Reads what the three have taken so far: this process and the commands it ran to their ends, the service's,
 * and all of PostgreSQL's. Undefined where there is no /proc.
 * @param backendPid any process of PostgreSQL that serves a connection
 */
export function processorSeconds(servicePid: number, backendPid: number): ProcessorSeconds | undefined {
  const own = statOf("self");
  if (!own) return undefined;
  const postmaster = statOf(backendPid)?.parent;
  const backends = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) && statOf(name)) || []);
  return {
    client: own.seconds + own.ofEnded,
    service: statOf(servicePid)?.seconds ?? Number.NaN,
    postgres: backends.reduce(
      (sum, { pid, parent, seconds, ofEnded }) =>
        sum + (pid === postmaster ? seconds + ofEnded : parent === postmaster ? seconds : 0),
      0,
    ),
  };
}

/** Of a process; undefined if it has ended. `ofEnded`: what its children took that have ended. */
function statOf(id: number | string) {
  try {
    const text = readFileSync(`/proc/${id}/stat`, "utf8");
    // The name of the program stands in brackets, and may hold spaces; see proc_pid_stat(5).
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const ticks = (first: number) => ((fields[first] ?? 0) + (fields[first + 1] ?? 0)) / ticksPerSecond;
    return { pid: Number.parseInt(text, 10), parent: fields[1], seconds: ticks(11), ofEnded: ticks(13) };
  } catch {
    return undefined;
  }
}
