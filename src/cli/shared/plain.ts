import { type DescField, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { scalarZeroValue } from "@bufbuild/protobuf/reflect";
import { parseAsWritten } from "../../json-numbers.ts";
import type { JsonObject, JsonValue } from "../../validation.ts";

// It is loaded by the console, too, so it needs nothing of Node.

/** Makes JSON for scripts: names of the proto, every field (null if unset), 64-bit integers as numbers. */
export function toPlain<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): JsonObject {
  const json = toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: true });
  return complete(schema, json as JsonObject);
}

function complete(schema: DescMessage, json: JsonObject): JsonObject {
  return Object.fromEntries(
    ownFields(schema).map((field) => {
      const text = json[`${field.name}_json`];
      const isText = typeof text === "string" && text !== "";
      return [field.name, isText ? parseAsWritten(text) : completeField(field, json[field.name])];
    }),
  );
}

/** The fields of a message without those that tell of another one: its text as JSON, its size. */
export function ownFields({ fields }: DescMessage): DescField[] {
  const names = new Set(fields.map(({ name }) => name));
  return fields.filter(
    ({ name }) => !/_(?:json|bytes)$/.test(name) || !names.has(name.replace(/_[a-z]+$/, "")),
  );
}

function completeField(field: DescField, value: JsonValue | undefined): JsonValue {
  if (value === undefined || value === null) return null;
  // Proto3 JSON writes 64-bit integers as strings.
  if (typeof value === "string" && isLong(field)) return Number(value);
  // Timestamp, Struct and their kin have a form of their own.
  if (field.message === undefined || field.message.file.proto.package === "google.protobuf") return value;
  const { message } = field;
  if (field.fieldKind === "list" && Array.isArray(value))
    return value.map((item) => complete(message, item as JsonObject));
  return field.fieldKind === "message" ? complete(message, value as JsonObject) : value;
}

function isLong(field: DescField): boolean {
  return field.fieldKind === "scalar" && typeof scalarZeroValue(field.scalar, false) === "bigint";
}
