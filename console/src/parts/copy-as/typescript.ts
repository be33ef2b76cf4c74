import type { DescEnum, DescField, DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { makePrintableJson } from "../../../../src/text.ts";

/** The services by their names in the client. */
const clients: Readonly<Record<string, string>> = {
  BenchmarkService: "benchmarks",
  JobService: "jobs",
  WorkerService: "workers",
  UserService: "users",
  AuditService: "audit",
  SystemService: "system",
};

/** A program that makes the call. Its client takes the API key from LTB_API_KEY. */
export function typescriptOf(method: DescMethod, request: Message, address: string): string {
  const service = clients[method.parent.name] ?? method.parent.name;
  return `import { createClient } from "llm-test-bench-persistence/client";

const client = createClient({ address: ${literal(address)} });
const answer = await client.${service}.${method.localName}(${objectOf(method.input, request)});
console.log(answer);`;
}

/** A message as what its client takes for one: the fields that are set. */
function objectOf(schema: DescMessage, message: Message, depth = 1): string {
  const view = reflect(schema, message);
  const indent = "  ".repeat(depth);
  const lines = schema.members.flatMap((member) => {
    if (member.kind === "oneof") {
      const field = view.oneofCase(member);
      if (!field) return [];
      const value = writtenOf(field, message, depth + 1);
      return [`${member.localName}: { case: ${literal(field.localName)}, value: ${value} }`];
    }
    return view.isSet(member) ? [`${member.localName}: ${writtenOf(member, message, depth)}`] : [];
  });
  if (lines.length === 0) return "{}";
  return `{\n${lines.map((line) => `${indent}${line},\n`).join("")}${"  ".repeat(depth - 1)}}`;
}

function writtenOf(field: DescField, message: Message, depth: number): string {
  const value = plainOf(field, message);
  if (field.fieldKind === "message" && field.message.typeName !== "google.protobuf.Struct")
    return objectOf(field.message, value as Message, depth + 1);
  const shown = literal(value);
  return field.fieldKind === "enum" ? `${shown} /* ${nameOf(field.enum, value as number)} */` : shown;
}

/** The value of a field, as generated code holds it. */
function plainOf(field: DescField, message: Message): unknown {
  const record = message as unknown as Record<string, unknown>;
  return field.oneof ? (record[field.oneof.localName] as { value: unknown }).value : record[field.localName];
}

const nameOf = (desc: DescEnum, value: number): string => desc.value[value]?.name ?? "unknown";

function literal(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : makePrintableJson(JSON.stringify(value));
}
