import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";

// Numbers and lengths of time as the pages write them, in the reader's own notation. A page that is written
// to a file has readers that are not known yet.
const locale = import.meta.env.SSR ? "en" : undefined;

/** Writes numbers in one form. To make one ready takes milliseconds, so that waits until it is needed. */
function form(options: Intl.NumberFormatOptions): (value: number | bigint) => string {
  let made: Intl.NumberFormat | undefined;
  return (value) => {
    made ??= new Intl.NumberFormat(locale, options);
    return made.format(value);
  };
}

const whole = form({ maximumFractionDigits: 0 });
const oneDigit = form({ maximumFractionDigits: 1 });
const twoDigits = form({ maximumFractionDigits: 2 });
const fourDigits = form({ maximumFractionDigits: 4 });
const threeSignificant = form({ maximumSignificantDigits: 3 });
const short = form({ notation: "compact", maximumFractionDigits: 1 });
const share = form({ style: "percent", maximumFractionDigits: 1 });

/** `count(12_345)` is "12,345". */
export const count = (value: number | bigint): string => whole(value);

/** `compact(12_345)` is "12.3K". */
export const compact = (value: number | bigint): string => short(value);

/** `percent(0.123)` is "12.3%". */
export const percent = (value: number): string => share(value);

/** A figure with as many digits as tell something: 0.8312, 12.4, 1,234, 1.000e+150. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e12 || (size > 0 && size < 1e-9)) return value.toExponential(3);
  if (size > 0 && size < 0.001) return threeSignificant(value);
  if (size >= 1000) return whole(value);
  if (size >= 100) return oneDigit(value);
  return size >= 10 ? twoDigits(value) : fourDigits(value);
}

/** `measure("latency_ms", 812.4)` is "812 ms": a value of a metric with its unit, if that is known. */
export function measure(metric: string, value: number | undefined): string {
  if (value === undefined) return "–";
  if (metric === "latency_ms") return `${figure(value)} ms`;
  if (metric === "cost_usd") return `${value < 0 ? "-" : ""}$${figure(Math.abs(value))}`;
  return figure(value);
}

export function bytes(value: number | bigint): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = Number(value);
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${figure(Math.round(size * 10) / 10)} ${units[unit]}`;
}

/** `lasting({seconds: 3_723n, nanos: 0})` is "1 h 2 min". Undefined: a dash. */
export function lasting(duration: Duration | number | undefined): string {
  if (duration === undefined) return "–";
  const ms = typeof duration === "number" ? duration : durationMs(duration);
  if (ms < 1_000) return `${figure(Math.round(ms))} ms`;
  if (ms < 60_000) return `${figure(Math.round(ms / 100) / 10)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
