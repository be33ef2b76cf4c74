import type { DescEnum, DescFile, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import { permissionOf } from "../../src/auth/permissions.ts";
import { exampleOf } from "../../src/cli/grpcurl/methods.ts";
import { commentOf, headOf } from "./comments.ts";
import { cell, linkCodes, prose, typeOf } from "./markdown.ts";

// The services in the order of reading, the most wanted first.
const serviceOrder = [
  "BenchmarkService",
  "JobService",
  "WorkerService",
  "UserService",
  "AuditService",
  "SystemService",
];

/** Makes the API reference in Markdown. @param errors the text of docs/errors.md */
export function reference(files: readonly DescFile[], errors: string): string {
  const services = files
    .flatMap((file) => file.services)
    .sort((a, b) => serviceOrder.indexOf(a.name) - serviceOrder.indexOf(b.name));
  const ofMethods = new Set(
    services.flatMap(({ methods }) => methods.flatMap(({ input, output }) => [input, output])),
  );
  const messages = files.flatMap((file) => file.messages).filter((message) => !ofMethods.has(message));
  const enums = files.flatMap((file) => file.enums);
  return [
    "<!-- Made from proto/ by `npm run docs:api`. Changes belong into the comments there. -->",
    "# API reference: `ltb.v1`",
    "[clients.md](clients.md) shows how to connect from each language, [wire.md](wire.md) explains numbers, limits, deadlines and retries, " +
      "and [errors.md](errors.md) lists every error. `ltb grpcurl METHOD` prints the example of a method as a ready " +
      "command line.",
    ["| service | methods |", "|---|---|", ...services.map(summary)].join("\n"),
    'In JSON a `Timestamp` is RFC 3339 text, a `Duration` seconds with an `s` (`"1.5s"`), a `FieldMask` names joined by commas (in grpcurl ' +
      '`{"paths": [...]}`), an int64 text, and `Struct` and `Value` are plain JSON. JSON takes names in snake_case and camelCase.',
    ...services.flatMap(section),
    "## Messages",
    "Of requests and responses, without those of a single method.",
    ...messages.flatMap((message) => [`### ${message.name}`, prose(commentOf(message)), fieldTable(message)]),
    "## Enums",
    ...enums.flatMap(enumeration),
    "## Errors",
    "Reasons by status code; [errors.md](errors.md#reasons) says what each means and what to do.",
    errorTable(errors),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function anchor({ parent, name }: DescMethod): string {
  return `#${parent.name}${name}`.toLowerCase();
}

function summary(service: DescService): string {
  const methods = service.methods.map((method) => `[${method.name}](${anchor(method)})`);
  return `| [${service.name}](#${service.name.toLowerCase()}) | ${methods.join(" · ")} |`;
}

function section(service: DescService): string[] {
  return [
    `## ${service.name}`,
    prose(headOf(service.file)),
    prose(commentOf(service)),
    ...service.methods.flatMap(method),
  ];
}

function method(method: DescMethod): string[] {
  const { parent, name, input, output } = method;
  const request = method.methodKind === "client_streaming" ? "Request, a stream" : "Request";
  const response = method.methodKind === "server_streaming" ? "Response, a stream" : "Response";
  const example = exampleOf(method);
  return [
    `### ${parent.name}/${name}`,
    linkCodes(prose(commentOf(method))),
    whoMay(method),
    part(request, input),
    part(response, output),
    Object.keys(example).length === 0 ? "" : `\`\`\`json\n${JSON.stringify(example)}\n\`\`\``,
  ];
}

function part(title: string, message: DescMessage): string {
  // The beginning of every comment of a request or response says nothing here.
  const comment = prose(commentOf(message)).replace(/^Re(quest|sponse) of \w+\.? ?/, "");
  const about = [`**${title}.**`, message.fields.length === 0 ? "Empty." : "", comment].filter(
    (text) => text !== "",
  );
  return [about.join(" "), fieldTable(message)].filter((text) => text !== "").join("\n\n");
}

function whoMay(method: DescMethod): string {
  const permission = permissionOf(method);
  if (permission === "open") return "Needs no key.";
  if (permission === undefined) throw new Error(`${method.name} is in no permission table`);
  const { roles, scope, rule } = permission;
  const others = roles.length === 0 ? "" : `, ${roles.map((role) => `\`${role}\``).join(", ")}`;
  const limited =
    roles.length > 0 && rule !== undefined
      ? "; [rules of ownership](security.md#users-roles-and-keys) apply to roles other than `admin`"
      : "";
  return `Roles: \`admin\`${others}${limited}. Scope: ${scope === undefined ? "any" : `\`${scope}\``}.`;
}

function fieldTable(message: DescMessage): string {
  if (message.fields.length === 0) return "";
  const rows = message.fields.map((field) => {
    const choice = field.oneof === undefined ? "" : ` One of \`${field.oneof.name}\`.`;
    return `| \`${field.name}\` | ${typeOf(field)} | ${cell(commentOf(field))}${choice} |`;
  });
  return ["| field | type | |", "|---|---|---|", ...rows].join("\n");
}

function enumeration(type: DescEnum): string[] {
  const rows = type.values.map(
    (value) => `| \`${value.name}\` | ${value.number} | ${cell(commentOf(value))} |`,
  );
  return [
    `### ${type.name}`,
    prose(commentOf(type)),
    ["| value | number | |", "|---|---|---|", ...rows].join("\n"),
  ];
}

/** Makes the table of codes and reasons from the table of docs/errors.md. */
function errorTable(errors: string): string {
  const reasons = new Map<string, string[]>();
  for (const [, reason = "", codes = ""] of errors.matchAll(/^\| `(\w+)` \| ([A-Z_, ]+) \|/gm))
    for (const code of codes.split(", ")) reasons.set(code, [...(reasons.get(code) ?? []), reason]);
  if (reasons.size === 0) throw new Error("docs/errors.md has no table of reasons");
  const rows = [...reasons]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, names]) => {
      const links = names.map((name) => `[\`${name}\`](errors.md#reasons)`);
      return `| ${code} | ${links.join(", ")} |`;
    });
  return ["| code | reasons |", "|---|---|", ...rows].join("\n");
}
