import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { cutText } from "../../../src/text.ts";

/** Longer values are told whole on the page of the entry. */
const [mostFields, mostCharacters] = [3, 60];

/**
 * The fields that an entry of the audit trail says were changed, each before and after. `short`: the first of
 * them, without ids and hashes, which tell a reader little.
 */
export function FieldChanges({
  changes,
  short = false,
}: {
  changes: JsonObject | undefined;
  short?: boolean;
}) {
  const { before, after } = (changes ?? {}) as { before?: JsonValue; after?: JsonValue };
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const all = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const names = short ? all.filter((name) => !/(?:^|_)(?:ids?|sha256)$/.test(name)) : all;
  if (names.length === 0) return <span className="soft">–</span>;
  const shown = short ? names.slice(0, mostFields) : names;
  const write = (value: JsonValue | undefined) => {
    const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
    const begun = short ? cutText(text, mostCharacters) : text;
    return begun === text ? text : `${begun}…`;
  };
  return (
    <ul className="changes">
      {shown.map((name) => (
        <li key={name}>
          <span className="soft">{name}</span> {Object.hasOwn(old, name) && <del>{write(old[name])}</del>}{" "}
          {Object.hasOwn(now, name) && <ins>{write(now[name])}</ins>}
        </li>
      ))}
      {shown.length < names.length && <li className="soft">and {names.length - shown.length} more</li>}
    </ul>
  );
}

function fieldsOf(value: JsonValue | undefined): Record<string, JsonValue> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
