import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { cutText } from "../../text.ts";
import { oneLine } from "../shared/output.ts";

/** How far a file has been read, on stderr. */
export interface Progress {
  read(bytes: number): void;
  sent(rows: number): void;
  stop(): void;
}

/**
 * A progress bar where stderr is a terminal, else nothing.
 * @param unit what the rows are, in the plural
 * @param file what people call it
 */
export async function showProgress(path: string, unit: string, file = path): Promise<Progress> {
  if (!process.stderr.isTTY) return { read: () => undefined, sent: () => undefined, stop: () => undefined };
  const total = Math.max(1, await sizeOf(path));
  const { Presets, SingleBar } = await import("cli-progress");
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: "{file} {bar} {percentage} % | {rows} {unit} | {duration_formatted}",
      clearOnComplete: true,
      hideCursor: true,
      // It would take Ctrl-C for itself.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let bytes = 0;
  let rows = 0;
  bar.start(total, 0, { file: cutText(oneLine(basename(file)), 40), rows, unit });
  return {
    read(more) {
      bytes += more;
      // Parts of a log may be read twice.
      bar.update(Math.min(bytes, total));
    },
    sent(more) {
      rows += more;
      bar.update(Math.min(bytes, total), { rows });
    },
    stop: () => bar.stop(),
  };
}

/** Bytes of a file, or of all files in a folder; 0 if unreadable, which the reader reports better. */
async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return found.size;
    const names = await readdir(path);
    const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}
