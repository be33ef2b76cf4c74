import type { Bin } from "../../../src/charts/data.ts";
import { count, figure } from "../parts/format.ts";

interface Props {
  /** What it stands for, at the pointer and as the name of its link. */
  words: string;
  href?: string | undefined;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A bar of a histogram, which may be a link. */
export function Bar({ words, href, ...box }: Props) {
  const bar = (
    <rect className="bar" {...box}>
      <title>{words}</title>
    </rect>
  );
  if (href === undefined) return bar;
  return (
    <a href={href} aria-label={words}>
      {bar}
    </a>
  );
}

/** The values of a bar, and how many there are. */
export function wordsOf({ low, high, count: n }: Bin): string {
  return `${low === high ? figure(low) : `${figure(low)} to ${figure(high)}`}: ${count(n)}`;
}
