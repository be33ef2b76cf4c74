import { comment, head } from "./text.ts";

/** Makes a constant for each reason of the table in docs/errors.md, with its meaning. */
export function reasonsOf(document: string): string {
  const rows = [...document.matchAll(/^\| `([A-Z_]+)` \| [A-Z_, ]+ \| (.*) \| .* \|$/gm)];
  const constants = rows.map(
    ([, reason = "", meaning = ""]) =>
      `${comment(meaning.replaceAll("`", ""), "\t")}\tReason${pascal(reason)} Reason = "${reason}"\n`,
  );
  return `${head}\n// Every reason of docs/errors.md, which says what to do about each.\nconst (\n${constants.join("")})\n`;
}

/** A reason as a name of Go: initialisms stay in capitals. */
function pascal(reason: string): string {
  return reason
    .split("_")
    .map((word) => (word === "ID" ? word : `${word.charAt(0)}${word.slice(1).toLowerCase()}`))
    .join("");
}
