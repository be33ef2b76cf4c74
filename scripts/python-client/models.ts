import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import { commentOf } from "../api-docs/comments.ts";
import { choosesJson, directionsOf, docstring, type Field, fieldsOf, prefixOf } from "./types.ts";

/**
 * Makes Python's classes of messages and types of enums. A request has no class unless another message
 * holds it: its fields are the arguments of its method. The classes are written out, because to make 170
 * dataclasses would take most of the time that the package takes to import.
 */
export function modelsOf(files: readonly DescFile[]): string {
  const { inputs, outputs } = directionsOf(files);
  const requests = new Set(
    files.flatMap(({ services }) => services.flatMap(({ methods }) => methods.map(({ input }) => input))),
  );
  const enums = files.flatMap((file) => file.enums).filter(({ name }) => name !== "JsonFormat");
  const messages = files.flatMap((file) => file.messages).filter((message) => !requests.has(message));
  return [
    '"""Messages and enums of the service. Made from proto/ by `npm run generate`."""\n\n',
    "from __future__ import annotations\n\n",
    "from collections.abc import Mapping, Sequence\nfrom datetime import datetime, timedelta\n",
    "from typing import Any, Literal\n\n",
    "from .._codec import EPOCH, Message\n",
    ...enums.map(enumeration),
    ...messages.map((message) => classOf(message, inputs.has(message), outputs.has(message))),
  ].join("");
}

function enumeration(declared: DescEnum): string {
  const prefix = prefixOf(declared);
  const values = declared.values.map((value) => value.name.slice(prefix.length));
  const lines = declared.values.map(
    (value, at) => `- \`\`${values[at]}\`\`: ${commentOf(value).join("\n  ")}`,
  );
  return `\n${declared.name} = Literal[\n${values.map((value) => `    "${value}",\n`).join("")}]\n${docstring(
    [...commentOf(declared), "", ...lines.flatMap((line) => line.split("\n"))],
    "",
  )}`;
}

function classOf(message: DescMessage, isInput: boolean, isOutput: boolean): string {
  const fields = fieldsOf(message, isInput);
  const choice = choosesJson(message) ? "    _asks_for_text = True\n" : "";
  const parts = [`\n\nclass ${message.name}(Message):\n`, docstring(commentOf(message), "    ")];
  if (fields.length === 0) return [...parts, "\n    __slots__ = ()\n"].join("");
  return [
    ...parts,
    "\n",
    `    __slots__ = (\n${fields.map(({ name }) => `        "${name}",\n`).join("")}    )\n`,
    `    _fields = (\n${fields.map(row).join("")}    )\n`,
    choice,
    ...fields.map(
      (field) =>
        `\n    ${field.name}: ${isOutput ? field.type : asInput(field)}\n${docstring(field.comment, "    ")}`,
    ),
    "\n    def __init__(\n        self,\n        *,\n",
    ...fields.map((field) => `        ${parameter(field, isInput && !isOutput)},\n`),
    "    ) -> None:\n",
    ...fields.map((field) => `        self.${field.name} = ${initialOf(field)}\n`),
  ].join("");
}

/** A row of the table by which messages are read and written. */
export function row({ name, json, kind }: Field): string {
  return `        ("${name}", "${json}", "${kind}"),\n`;
}

function asInput({ empty, inputType, type }: Field): string {
  return empty === undefined ? type.replace(/^.* \| None$/, `${inputType} | None`) : inputType;
}

/** An empty list, map or message is made anew for each object. */
const isShared = (empty: string) => /^[[{]|\)$/.test(empty);

function parameter(field: Field, isInput: boolean): string {
  const { name, type, empty } = field;
  const shown = isInput ? asInput(field) : type;
  if (empty === undefined) return `${name}: ${shown} = None`;
  return isShared(empty) ? `${name}: ${shown} | None = None` : `${name}: ${shown} = ${empty}`;
}

function initialOf({ name, empty }: Field): string {
  return empty !== undefined && isShared(empty) ? `${empty} if ${name} is None else ${name}` : name;
}
