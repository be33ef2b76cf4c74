import { type ReactElement, useId, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import { Scroll } from "../Scroll.tsx";
import { markMathematics } from "./dollars.ts";
import { Formula } from "./Formula.tsx";
import { Text } from "./Text.tsx";

/** Longer texts are shown as they are: to lay them out would stop the page. */
const longest = 50_000;

interface Props {
  text: string;
  label: string;
}

/** A text as Markdown with mathematics. HTML in it is text, pictures stay where they are. Load it on demand. */
export function Markdown({ text, label }: Props) {
  const clobberPrefix = useId();
  const laidOut = useMemo(() => layOut(text, clobberPrefix), [text, clobberPrefix]);
  if (text === "") return <Text text={text} label={label} />;
  if (!laidOut)
    return (
      <>
        <p className="soft small">The text is too long or too deep for Markdown, so it is shown as it is.</p>
        <Text text={text} label={label} />
      </>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys too.
    <section className="document markdown" tabIndex={0} aria-label={label}>
      {laidOut}
    </section>
  );
}

/** The elements of a text; undefined where it cannot be laid out, as brackets nested by the thousand. */
function layOut(text: string, clobberPrefix: string): ReactElement | undefined {
  if (text.length > longest) return undefined;
  try {
    // It is a function without hooks. A component of it would throw where nothing but the page catches it.
    return ReactMarkdown({
      children: markMathematics(text),
      remarkPlugins: [remarkGfm, remarkMath],
      remarkRehypeOptions: { clobberPrefix },
      components,
    });
  } catch {
    return undefined;
  }
}

// Headings of a text stand below those of the page.
const components: Components = {
  h1: ({ children }) => <h4>{children}</h4>,
  h2: ({ children, id }) => <h4 id={id}>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h5>{children}</h5>,
  h5: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children }) =>
    href !== undefined && /^https?:\/\//i.test(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer" title={href}>
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ src, alt }) => (
    <span className="tag">
      picture, not loaded: {alt} {typeof src === "string" ? src : ""}
    </span>
  ),
  input: ({ checked }) => <span>{checked ? "☑" : "☐"}</span>,
  table: ({ children }) => (
    <Scroll label="table">
      <table className="table">{children}</table>
    </Scroll>
  ),
  pre: ({ node, children }) => {
    const [code] = node?.children ?? [];
    const isFormula =
      code?.type === "element" && classesOf(code.properties.className).includes("math-display");
    return isFormula ? children : <pre>{children}</pre>;
  },
  code: ({ className, children }) => {
    const classes = classesOf(className);
    return classes.includes("language-math") ? (
      <Formula tex={String(children)} display={classes.includes("math-display")} />
    ) : (
      <code>{children}</code>
    );
  },
};

function classesOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : String(value ?? "").split(" ");
}
