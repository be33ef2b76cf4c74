import { useMemo, useState } from "react";
import { makePrintableJson } from "../../../../src/text.ts";
import { count } from "../format.ts";
import { cutAt } from "./cutAt.ts";
import { type JsonBranch, type JsonMember, unfoldedAtFirst } from "./jsonTree.ts";

/** So many members of a branch are shown at first, as a browser takes seconds for many thousands. */
const membersAtFirst = 100;

/** So many more come by each press of the button. */
const membersMore = 1_000;

/** So many characters of a string or key are shown at first. */
const charactersAtFirst = 2_000;

/** The place of a value: keys as they are written, in quotes, and numbers for items of lists. */
export type Path = readonly (string | number)[];

/** Where a value leads, if anywhere: its place, and the value as it is written. */
export type HrefOf = (path: Path, value: string) => string | undefined;

interface Props {
  root: JsonBranch;
  label: string;
  /** Default: values lead nowhere. */
  hrefOf?: HrefOf | undefined;
}

/** A JSON document whose objects and lists fold. What is folded is not drawn, so that size costs no time. */
export function JsonTree({ root, label, hrefOf = nowhere }: Props) {
  const unfolded = useMemo(() => unfoldedAtFirst(root), [root]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys too.
    <section className="document tree" tabIndex={0} aria-label={label}>
      <p className="soft">{sizeOf(root)}</p>
      <Members branch={root} path={[]} {...{ unfolded, hrefOf }} />
    </section>
  );
}

const nowhere = () => undefined;

interface Within {
  unfolded: ReadonlySet<JsonBranch>;
  hrefOf: HrefOf;
  path: Path;
}

function Members({ branch: { isList, members }, path, ...within }: Within & { branch: JsonBranch }) {
  const [shown, setShown] = useState(membersAtFirst);
  const rest = members.length - shown;
  return (
    <>
      <ul>
        {members.slice(0, shown).map(({ key = "", value }, index) => {
          const name = isList ? index : key;
          return (
            <li key={index}>
              <Member {...{ name, value, ...within }} path={[...path, name]} />
            </li>
          );
        })}
      </ul>
      {rest > 0 && (
        <button type="button" className="link" onClick={() => setShown(shown + membersMore)}>
          {rest <= membersMore ? `${count(rest)} more` : `${count(membersMore)} of ${count(rest)} more`}
        </button>
      )}
    </>
  );
}

function Member({ name, value, ...within }: Within & { name: string | number; value: JsonMember["value"] }) {
  const written = typeof name === "number" ? <span className="soft">{name}</span> : <Written text={name} />;
  if (typeof value === "string") {
    const href = within.hrefOf(within.path, value);
    return (
      <>
        {written}:{" "}
        {href === undefined ? (
          <Written text={value} isValue />
        ) : (
          <a href={href} title="Samples with the same">
            <Written text={value} isValue />
          </a>
        )}
      </>
    );
  }
  if (value.members.length === 0)
    return (
      <>
        {written}: {value.isList ? "[]" : "{}"}
      </>
    );
  return <Branch name={written} branch={value} {...within} />;
}

function Branch({ name, branch, ...within }: Within & { name: React.ReactNode; branch: JsonBranch }) {
  const [open, setOpen] = useState(() => within.unfolded.has(branch));
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {name}: <span className="soft">{sizeOf(branch)}</span>
      </summary>
      {open && <Members branch={branch} {...within} />}
    </details>
  );
}

function sizeOf({ isList, members: { length } }: JsonBranch): string {
  const words = `${count(length)} ${isList ? "item" : "member"}${length === 1 ? "" : "s"}`;
  return isList ? `[ ${words} ]` : `{ ${words} }`;
}

/** A key or value as it is written; what would act on the text beside it is escaped, as JSON may have it. */
function Written({ text, isValue = false }: { text: string; isValue?: boolean }) {
  const [whole, showWhole] = useState(false);
  const end = whole ? text.length : cutAt(text, charactersAtFirst);
  const shown = makePrintableJson(text.slice(0, end));
  return (
    <>
      <bdi className={!isValue ? "key" : text.startsWith('"') ? "string" : "literal"}>{shown}</bdi>
      {end < text.length && (
        <>
          {" "}
          <button type="button" className="link" onClick={() => showWhole(true)}>
            {count(text.length - end)} more characters
          </button>
        </>
      )}
    </>
  );
}
