import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import { commentOf } from "../api-docs/comments.ts";
import { itemsOf } from "../contract.ts";
import { row } from "./models.ts";
import { choosesJson, docstring, type Field, fieldsOf } from "./types.ts";

type Kind = "sync" | "async";

/**
 * Makes one class for each service, with a method for each RPC, and one more for each list that goes through
 * its pages. The classes for asyncio come from the same lines.
 */
export function servicesOf(
  files: readonly DescFile[],
  kind: Kind,
  repeat: (method: DescMethod) => string,
): string {
  const services = files.flatMap((file) => file.services);
  const isAsync = kind === "async";
  return [
    `"""Every method of the service${isAsync ? ", for asyncio" : ""}. Made from proto/ by \`npm run generate\`."""\n\n`,
    "from __future__ import annotations\n\n",
    `from collections.abc import ${isAsync ? "AsyncIterator, Iterable, Mapping" : "Iterable, Mapping"}, Sequence\n`,
    "from datetime import datetime, timedelta\nfrom typing import Any\n\n",
    isAsync
      ? "from .._async_calls import AsyncCalls\nfrom . import models as m\nfrom . import sync_services as calls\n"
      : "from .._calls import Calls, Export, Items, Method, Watch\nfrom . import models as m\n",
    ...(isAsync
      ? []
      : services.flatMap(({ methods }) => methods.map((method) => table(method, repeat(method))))),
    ...services.map((service) => classOf(service, kind)),
  ].join("");
}

function table(method: DescMethod, repeat: string): string {
  const fields = fieldsOf(method.input, true);
  return [
    `\n${constant(method)} = Method(\n    "/${method.parent.typeName}/${method.name}",\n    m.${method.output.name},\n    "${repeat}",\n`,
    fields.length === 0 ? "    (),\n" : `    (\n${fields.map(row).join("")}    ),\n`,
    `    ${choosesJson(method.input) ? "True" : "False"},\n)\n`,
  ].join("");
}

function constant({ parent, name }: DescMethod): string {
  return `${snake(parent.name.replace(/Service$/, ""))}_${snake(name)}`.toUpperCase();
}

function snake(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

function classOf(service: DescService, kind: Kind): string {
  const base = kind === "async" ? "AsyncCalls" : "Calls";
  const name = `${kind === "async" ? "Async" : ""}${service.name}`;
  return [
    `\n\nclass ${name}(${base}):\n${docstring(commentOf(service), "    ")}`,
    ...service.methods.flatMap((method) => methodsOf(method, kind)),
  ].join("");
}

function methodsOf(method: DescMethod, kind: Kind): string[] {
  const fields = fieldsOf(method.input, true);
  const response = `m.${method.output.name}`;
  const typeOf = (sync: string) => (kind === "async" ? "AsyncIterator" : sync);
  const known = kind === "async" ? `calls.${constant(method)}` : constant(method);
  const items = itemsOf(method);
  const comment = commentOf(method);
  switch (method.methodKind) {
    case "server_streaming": {
      if (items === undefined)
        return [
          define(
            snake(method.name),
            fields,
            `${typeOf("Watch")}[${response}]`,
            `self._watch(${known}, ${response}`,
            [
              ...comment,
              "",
              "A stream that breaks is resumed after its last message, for as long as it takes. `timeout`: seconds",
              "until it ends with DEADLINE_EXCEEDED. Default: never.",
            ],
          ),
        ];
      return [
        define(
          snake(method.name),
          fields,
          `${typeOf("Export")}[m.${items.type}]`,
          `self._export(${known}, m.${items.type}, "${items.name}"`,
          [
            ...comment,
            "",
            `Yields each of the \`\`${items.name}\`\`. An export that breaks goes on after its last chunk. \`timeout\`:`,
            "seconds for the whole. Default: none.",
          ],
        ),
      ];
    }
    case "client_streaming":
      return [upload(method, kind, known)];
    case "unary": {
      const call = define(
        snake(method.name),
        fields,
        response,
        `${kind === "async" ? "await " : ""}self._call(${known}, ${response}`,
        comment,
        kind === "async",
      );
      if (items === undefined) return [call];
      const name = `iter_${snake(method.name).replace(/^(list|get)_/, "")}`;
      const each = define(
        name,
        fields.filter((field) => field.name !== "page_token"),
        `${typeOf("Items")}[m.${items.type}]`,
        `self._pages(${known}, m.${items.type}, "${items.name}"`,
        [
          `Yields the \`\`${items.name}\`\` of all pages of \`\`${snake(method.name)}\`\`, which it reads as they are needed.`,
          "`timeout` is for each page.",
        ],
      );
      return [call, each];
    }
    default:
      throw new Error(`${method}: no method of the contract was of this kind`);
  }
}

function define(
  name: string,
  fields: readonly Field[],
  result: string,
  call: string,
  comment: readonly string[],
  isAsync = false,
): string {
  const [first] = fields;
  // The id of what is asked for may stand without its name.
  const leading = first?.isRequired && /(^|_)id$|^ids$/.test(first.name) ? [first] : [];
  const others = fields.filter((field) => !leading.includes(field));
  const parameters = [
    "self",
    ...leading.map((field) => `${field.name}: ${qualified(field.inputType)}`),
    "*",
    ...others.map((field) =>
      field.isRequired
        ? `${field.name}: ${qualified(field.inputType)}`
        : `${field.name}: ${field.inputType === "Any" ? "Any" : `${qualified(field.inputType)} | None`} = None`,
    ),
    "timeout: float | None = None",
  ];
  const values = fields.map((field) => `"${field.name}": ${field.name}`).join(", ");
  const parts = argumentsOf(fields);
  return [
    `\n    ${isAsync ? "async " : ""}def ${name}(\n${parameters.map((one) => `        ${one},\n`).join("")}    ) -> ${result}:\n`,
    docstring([...comment, ...parts], "        "),
    `        return ${call}, {${values}}, timeout)\n`,
  ].join("");
}

function argumentsOf(fields: readonly Field[]): string[] {
  if (fields.length === 0) return [];
  return [
    "",
    "Args:",
    ...fields.map(({ name, comment }) => `    ${name}: ${comment.join("\n        ")}`),
  ].flatMap((line) => line.split("\n"));
}

function upload(method: DescMethod, kind: Kind, known: string): string {
  return [
    `\n    ${kind === "async" ? "async " : ""}def ${snake(method.name)}(\n`,
    "        self,\n        evaluations: Iterable[m.NewEvaluation],\n        *,\n        benchmark_id: str | None = None,\n        timeout: float | None = None,\n",
    `    ) -> m.${method.output.name}:\n`,
    docstring(
      [
        ...commentOf(method),
        "",
        "Args:",
        "    evaluations: Any number of them; they are read as they are sent.",
        "    benchmark_id: Id of the benchmark of those that name none.",
        "    timeout: Seconds for the whole, at most 300 over HTTP. Without it the service has, over HTTP, 70 s to take",
        "        each message, and 45 s to answer after the last. Default: none.",
      ],
      "        ",
    ),
    `        return ${kind === "async" ? "await " : ""}self._upload(${known}, m.${method.output.name}, evaluations, benchmark_id, timeout)\n`,
  ].join("");
}

const builtin = /^(str|bool|int|float|datetime|timedelta|Any|None)$/;

/** The type with the module of messages before its names. */
function qualified(type: string): string {
  return type.replace(/[A-Za-z]+/g, (name) =>
    builtin.test(name) || /^(Sequence|Mapping|list|dict)$/.test(name) ? name : `m.${name}`,
  );
}
