import {
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  ScalarType,
} from "@bufbuild/protobuf";
import { commentOf } from "../api-docs/comments.ts";

/** A field as Python has it. */
export interface Field {
  /** Name in Python. */
  name: string;
  /** Name in JSON. */
  json: string;
  /** How `ltb._codec` reads and writes it. */
  kind: string;
  /** Type in what the service answers. */
  type: string;
  /** Type in what callers give, without `| None`. */
  inputType: string;
  /** The value of a field that is not sent; undefined: None. */
  empty: string | undefined;
  comment: string[];
  isRequired: boolean;
}

const plain: Partial<Record<ScalarType, [kind: string, type: string, empty: string]>> = {
  [ScalarType.STRING]: ["plain", "str", '""'],
  [ScalarType.BOOL]: ["plain", "bool", "False"],
  [ScalarType.INT32]: ["int32", "int", "0"],
  [ScalarType.INT64]: ["int64", "int", "0"],
  [ScalarType.DOUBLE]: ["double", "float", "0.0"],
};

const wellKnown: Record<string, [kind: string, type: string, inputType: string]> = {
  "google.protobuf.Timestamp": ["timestamp", "datetime", "datetime"],
  "google.protobuf.Duration": ["duration", "timedelta", "timedelta | float"],
  "google.protobuf.Struct": ["json", "dict[str, Any]", "Mapping[str, Any]"],
  "google.protobuf.Value": ["json", "Any", "Any"],
  "google.protobuf.FieldMask": ["mask", "list[str]", "Sequence[str]"],
};

/** Names of fields that Python reserves. */
const keywords = new Set(["from", "class", "import", "global", "lambda", "pass"]);

/** Words of comments by which a field may have no value. */
const maybe = /\bunset\b|\bonly\b|\balone\b|not returned|\bdefault:/i;

/**
 * Returns the fields of a message, without those that only say how JSON documents travel: the package always
 * sends and asks for them as text, which keeps their digits, and shows them parsed.
 */
export function fieldsOf(message: DescMessage, isInput: boolean): Field[] {
  const names = new Set(message.fields.map(({ name }) => name));
  return message.fields
    .filter(({ name }) => name !== "json_format" && !(name.endsWith("_json") && names.has(name.slice(0, -5))))
    .map((field) => fieldOf(field, names.has(`${field.name}_json`), isInput));
}

/** Whether the message says in which form it has, or wants, JSON documents. */
export function choosesJson(message: DescMessage): boolean {
  return message.fields.some(({ name }) => name === "json_format");
}

function fieldOf(field: DescField, hasText: boolean, isInput: boolean): Field {
  const comment = commentOf(field);
  const text = comment.join(" ");
  const base = {
    name: keywords.has(field.name) ? `${field.name}_` : field.name,
    json: field.jsonName,
    comment,
    isRequired: /\bRequired\.( |$)/.test(text),
  };
  const one = (kind: string, type: string, inputType = type) => ({ ...base, kind, type, inputType });
  switch (field.fieldKind) {
    case "scalar": {
      const [kind, type, empty] = scalarOf(field.scalar);
      return hasPresence(field)
        ? { ...one(kind, `${type} | None`, type), empty: undefined }
        : { ...one(kind, type), empty };
    }
    case "enum": {
      const kind = `enum ${prefixOf(field.enum)}`;
      return hasPresence(field)
        ? { ...one(kind, `${field.enum.name} | None`, field.enum.name), empty: undefined }
        : { ...one(kind, field.enum.name), empty: '"UNSPECIFIED"' };
    }
    case "message": {
      const [kind, type, inputType] = messageOf(field.message, hasText);
      if (type === "dict[str, Any]" && !isInput) return { ...one(kind, type), empty: "{}" };
      if (type === "Any") return { ...one(kind, type), empty: undefined };
      if (isInput || hasPresence(field) || maybe.test(text))
        return { ...one(kind, `${type} | None`, inputType), empty: undefined };
      return { ...one(kind, type), empty: type === "datetime" ? "EPOCH" : `${type}()` };
    }
    case "list": {
      const [kind, type] =
        field.listKind === "scalar"
          ? scalarOf(field.scalar)
          : field.listKind === "enum"
            ? [`enum ${prefixOf(field.enum)}`, field.enum.name]
            : messageOf(field.message, false);
      return { ...one(`list ${kind}`, `list[${type}]`, `Sequence[${type}]`), empty: "[]" };
    }
    case "map":
      if (field.mapKind !== "scalar" || field.scalar !== ScalarType.STRING)
        throw new Error(`${field}: no map of the contract had such values`);
      return { ...one("plain", "dict[str, str]", "Mapping[str, str]"), empty: "{}" };
  }
}

function hasPresence(field: DescField): boolean {
  return field.proto.proto3Optional || field.oneof !== undefined;
}

function scalarOf(scalar: ScalarType): [kind: string, type: string, empty: string] {
  const known = plain[scalar];
  if (known === undefined) throw new Error(`no field of the contract had the type ${ScalarType[scalar]}`);
  return known;
}

function messageOf(message: DescMessage, hasText: boolean): [kind: string, type: string, inputType: string] {
  const [kind, type, inputType] = wellKnown[message.typeName] ?? [];
  if (kind === undefined || type === undefined || inputType === undefined)
    return [`message ${message.name}`, message.name, message.name];
  return [hasText ? "document" : kind, type, inputType];
}

/** What the names of an enum's values begin with. */
export function prefixOf(declared: DescEnum): string {
  return declared.values[0]?.name.replace(/UNSPECIFIED$/, "") ?? "";
}

/** Returns all messages that are reachable from requests, and all from responses. */
export function directionsOf(files: readonly DescFile[]): {
  inputs: Set<DescMessage>;
  outputs: Set<DescMessage>;
} {
  const reach = (from: DescMessage, seen: Set<DescMessage>) => {
    if (seen.has(from) || from.typeName.startsWith("google.")) return;
    seen.add(from);
    for (const field of from.fields) if (field.message) reach(field.message, seen);
  };
  const inputs = new Set<DescMessage>();
  const outputs = new Set<DescMessage>();
  for (const { methods } of files.flatMap(({ services }) => services))
    for (const { input, output } of methods) {
      reach(input, inputs);
      reach(output, outputs);
    }
  return { inputs, outputs };
}

/** A docstring, indented, wrapped as the comment of the proto is. */
export function docstring(lines: readonly string[], indent: string): string {
  const text = lines.map((line) => line.replaceAll("\\", "\\\\").replaceAll('"""', "'''"));
  if (text.length === 1 && !text[0]?.endsWith('"')) return `${indent}"""${text[0]}"""\n`;
  return `${indent}"""${text.join(`\n${indent}`).replace(/ +$/gm, "")}\n${indent}"""\n`;
}
