import type { Page, Section } from "../../../src/cli/html/document.ts";
import { formatUtcMinute } from "../../../src/text.ts";
import { FixedWidths } from "../charts/Chart.tsx";
import { BlockView } from "./BlockView.tsx";
import style from "./style.css?inline";

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** Pixels of charts as wide as the page, in wide and in narrow windows. */
const widths = [900, 320] as const;

/** A page of the command line as a whole document. */
export function Document({ page: { title, lead, id, sections } }: { page: Page }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta httpEquiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <style>{style}</style>
      </head>
      <body>
        <main>
          <header>
            <h1>{title}</h1>
            <p className="lead soft">
              {lead} {id !== undefined && <code>{id}</code>}
            </p>
          </header>
          <FixedWidths value={widths}>
            {sections.map((section, index) => (
              <SectionView key={index} section={section} />
            ))}
          </FixedWidths>
          <footer className="soft">Made by ltb on {formatUtcMinute(new Date())} UTC.</footer>
        </main>
      </body>
    </html>
  );
}

function SectionView({ section: { title, note, body } }: { section: Section }) {
  return (
    <section>
      <h2>{title}</h2>
      {note !== undefined && <p className="note soft">{note}</p>}
      {body.map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
    </section>
  );
}
