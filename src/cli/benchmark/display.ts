import { MultiBar, Presets, type SingleBar } from "cli-progress";
import {
  type WatchBenchmarksResponse,
  WatchBenchmarksResponseSchema,
} from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { cutText } from "../../text.ts";
import { formatClock, formatNumber, joinCells, oneLine, print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";
import { finalStatuses, statusName } from "../shared/status.ts";

/** Shows the progress of benchmarks. To be disposed of at the end. */
export interface Display extends Disposable {
  show(message: WatchBenchmarksResponse): void;
}

/** If only counts change, a benchmark has a line at most this often. */
const LINE_MS = 10_000;
/** Bars at once: more would scroll a small terminal. */
const BARS = 15;

/** JSON where it is asked for; on a terminal a bar for each benchmark that runs; else a line now and then. */
export function displayOf({ json }: { json?: boolean }): Display {
  if (!json) return process.stdout.isTTY ? bars() : lines();
  const show = (message: WatchBenchmarksResponse) =>
    printJson(toPlain(WatchBenchmarksResponseSchema, message));
  return { show, [Symbol.dispose]: () => undefined };
}

function lines(): Display {
  const shown = new Map<string, { status: string; at: number }>();
  return {
    show(message) {
      const id = message.benchmark?.id ?? "";
      const status = statusOf(message);
      const last = shown.get(id);
      if (last?.status === status && Date.now() - last.at < LINE_MS) return;
      if (hasEnded(message)) shown.delete(id);
      else shown.set(id, { status, at: Date.now() });
      print(lineOf(message));
    },
    [Symbol.dispose]: () => undefined,
  };
}

function bars(): Display {
  const looks = { format: "{name} {bar} {done}  {detail}", hideCursor: true, barsize: 30, linewrap: false };
  // A graceful exit would take Ctrl-C for itself.
  const options = { ...looks, stream: process.stdout, gracefulExit: false };
  const all = new MultiBar(options, Presets.shades_classic);
  const running = new Map<string, SingleBar>();
  return {
    show(message) {
      const { id = "", name = "", totalIterations: total = 0 } = message.benchmark ?? {};
      const bar = running.get(id);
      if (hasEnded(message)) {
        all.log(`${lineOf(message)}\n`);
        // Both print what has been logged.
        if (bar) all.remove(bar);
        else all.update();
        running.delete(id);
        return;
      }
      const value = done(message);
      const title = cutText(oneLine(name || id), 30);
      const shown = { name: title.padEnd(30), done: doneOf(message), detail: detailOf(message) };
      // Without a planned number there is nothing to be a part of.
      const most = Math.max(total, value, 1);
      if (bar) {
        bar.setTotal(most);
        bar.update(total > 0 ? value : 0, shown);
      } else if (running.size < BARS) running.set(id, all.create(most, total > 0 ? value : 0, shown));
    },
    [Symbol.dispose]: () => all.stop(),
  };
}

function hasEnded({ benchmark, deleted }: WatchBenchmarksResponse): boolean {
  return deleted || (benchmark !== undefined && finalStatuses.includes(benchmark.status));
}

function statusOf({ benchmark, deleted }: WatchBenchmarksResponse): string {
  return deleted || benchmark === undefined ? "deleted" : statusName(benchmark.status);
}

function done({ benchmark }: WatchBenchmarksResponse): number {
  return (benchmark?.completedIterations ?? 0) + (benchmark?.failedIterations ?? 0);
}

function doneOf(message: WatchBenchmarksResponse): string {
  const { totalIterations: total = 0 } = message.benchmark ?? {};
  return `${done(message)}${total > 0 ? `/${total}` : ""}`;
}

function detailOf({ benchmark, meanScore }: WatchBenchmarksResponse): string {
  const failed = benchmark?.failedIterations ?? 0;
  const mean = meanScore === undefined ? "" : `mean score ${formatNumber(meanScore)}`;
  return joinCells([failed > 0 ? `${failed} failed` : "", mean]);
}

function lineOf(message: WatchBenchmarksResponse): string {
  const { id = "", name = "" } = message.benchmark ?? {};
  const time = formatClock(new Date());
  const progress = message.deleted ? [] : [doneOf(message), detailOf(message)];
  return joinCells([time, id, name, statusOf(message).padEnd(9), ...progress]);
}
