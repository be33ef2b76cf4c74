import type { ReactNode } from "react";

/** What may be wider than the page and then scrolls by itself, by keys too. */
export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys too.
    <section className="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
