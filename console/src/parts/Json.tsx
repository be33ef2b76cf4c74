import type { JsonValue } from "@bufbuild/protobuf";
import { useMemo } from "react";

/** A document as text, as it is stored. Nothing in it is run, loaded or cut. */
export function Json({ value, label }: { value: JsonValue | undefined; label: string }) {
  const text = useMemo(() => JSON.stringify(value, null, 2), [value]);
  if (value === undefined || text === undefined) return <p className="soft">none</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys too.
    <section className="document" tabIndex={0} aria-label={label}>
      <pre>{text}</pre>
    </section>
  );
}
