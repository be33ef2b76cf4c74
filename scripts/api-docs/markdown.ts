import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** Makes paragraphs of a comment. Lists stay lists, other lines flow. */
export function prose(lines: readonly string[]): string {
  const paragraphs: string[] = [];
  let before = "";
  for (const line of lines) {
    const item = line.startsWith("- ");
    // A line that begins with a code describes an error.
    const begins = before === "" || item || /^[A-Z_]{5,}: /.test(line);
    if (line !== "") {
      if (!begins) paragraphs.push(`${paragraphs.pop()} ${line.trim()}`);
      else if (item && paragraphs.at(-1)?.startsWith("- ")) paragraphs.push(`${paragraphs.pop()}\n${line}`);
      else paragraphs.push(line);
    }
    before = line;
  }
  return escaped(paragraphs.join("\n\n"));
}

/** Makes the cell of a table from a comment. */
export function cell(lines: readonly string[]): string {
  return escaped(lines.join(" ")).replaceAll("|", "\\|");
}

/** Turns the status codes that a text explains into links to the errors. */
export function linkCodes(text: string): string {
  return text.replaceAll(/\b([A-Z][A-Z_]{4,}): /g, "[$1](errors.md#reasons): ");
}

/** Names the type of a field as in the proto, linked to its description. */
export function typeOf(field: DescField): string {
  switch (field.fieldKind) {
    case "list":
      return `repeated ${field.listKind === "scalar" ? ScalarType[field.scalar].toLowerCase() : named(field[field.listKind])}`;
    case "map":
      return `map&lt;${ScalarType[field.mapKey].toLowerCase()}, ${field.mapKind === "scalar" ? ScalarType[field.scalar].toLowerCase() : named(field[field.mapKind])}&gt;`;
    case "scalar":
      return `${field.proto.proto3Optional ? "optional " : ""}${ScalarType[field.scalar].toLowerCase()}`;
    case "enum":
      return `${field.proto.proto3Optional ? "optional " : ""}${named(field.enum)}`;
    case "message":
      return named(field.message);
  }
}

function named(type: DescEnum | DescMessage | undefined): string {
  if (type === undefined) throw new Error("a field has no type");
  return type.file.proto.package === "ltb.v1" ? `[${type.name}](#${type.name.toLowerCase()})` : type.name;
}

/** Escapes a text so that nothing outside code spans looks like a tag. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;").replaceAll("*", "\\*")))
    .join("");
}
