import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { useSyncExternalStore } from "react";

const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

// To make one of these ready takes milliseconds, so that waits until it is needed.
let relative: Intl.RelativeTimeFormat | undefined;
let local: Intl.DateTimeFormat | undefined;
let utc: Intl.DateTimeFormat | undefined;

/** A time to the second by the reader's clock, and below that in UTC, as logs and commands have it. */
export function exactly(date: Date): string {
  local ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  utc ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });
  return `${local.format(date)}\n${utc.format(date)} UTC`;
}

/** How long ago a time is, in words; the exact one is in its title. */
export function Time({ at }: { at: Timestamp | undefined }) {
  useNow();
  if (!at) return <span className="soft">–</span>;
  const date = timestampDate(at);
  if (Number.isNaN(date.getTime())) return <span className="soft">an invalid time</span>;
  return (
    <time dateTime={date.toISOString()} title={exactly(date)}>
      {ago(date.getTime() - Date.now())}
    </time>
  );
}

/** A distance in time in words: `ago(-61_000)` is "1 min. ago". */
export function ago(ms: number): string {
  const seconds = ms / 1000;
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? (["second", 1] as const);
  relative ??= new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
  return relative.format(Math.trunc(seconds / size), unit);
}

// All times on a page grow older together.
const ticking = new Set<() => void>();
let now = Date.now();
let timer: number | undefined;

function subscribe(listener: () => void): () => void {
  ticking.add(listener);
  timer ??= window.setInterval(() => {
    now = Date.now();
    for (const each of ticking) each();
  }, 5_000);
  return () => {
    ticking.delete(listener);
    if (ticking.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** The time by the reader's clock, in milliseconds since 1970, every five seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
