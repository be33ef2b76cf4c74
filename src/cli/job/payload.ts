import { createReadStream } from "node:fs";
import { text } from "node:stream/consumers";
import { ImportError, type Place } from "../../import/import-error.ts";
import { isObject, kindOf, parseJson } from "../../import/json-text.ts";
import { defaultLimits } from "../../import/limits.ts";
import { unreadable } from "../../import/source.ts";
import { parseAsWritten } from "../../json-numbers.ts";
import { UsageError } from "../shared/errors.ts";

/**
 * The text of the JSON object that an argument names: itself, `-` for standard input, `@FILE` for a file.
 * @param name what messages call the argument
 * @throws UsageError, ImportError where it is not a JSON object
 */
export async function readPayload(argument: string, name = "PAYLOAD"): Promise<string> {
  return readArgument(argument, name, objectText);
}

/** The same for JSON of any kind. */
export async function readJson(argument: string, name: string): Promise<string> {
  return readArgument(argument, name, (text, place) => JSON.stringify(parse(text, place)));
}

async function readArgument(
  argument: string,
  name: string,
  textOf: (content: string, place: Place) => string,
): Promise<string> {
  if (argument === "-" || argument.startsWith("@")) {
    const path = argument.replace(/^@/, "");
    const file = nameOf(path);
    const content = await text(open(path)).catch((cause) => {
      throw unreadable({ file }, cause);
    });
    return textOf(content, { file });
  }
  try {
    return textOf(argument, { file: name });
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    throw new UsageError(
      `${error.message}. Examples: '{"prompt": "2 + 2?"}', @payload.json, - for standard input`,
    );
  }
}

/** A line of a JSONL file. */
export interface PayloadLine {
  /** The text of its object. */
  payload: string;
  /** From 1. */
  line: number;
  bytes: number;
}

/**
 * The payloads of a JSONL file (`-`: of standard input), an object a line; blank lines are passed over.
 * @throws ImportError naming the line that is not a JSON object
 */
export async function* readPayloads(path: string): AsyncGenerator<PayloadLine> {
  const file = nameOf(path);
  let line = 0;
  for await (const content of linesOf(path, file)) {
    line++;
    const bytes = Buffer.byteLength(content) + 1;
    if (content.trim() !== "") yield { payload: objectText(content, { file, line }), line, bytes };
  }
}

async function* linesOf(path: string, file: string): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const chunk of open(path).setEncoding("utf8")) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > defaultLimits.maxRecordBytes)
        throw new ImportError({ file }, `a line is longer than ${defaultLimits.maxRecordBytes} characters`);
      yield* lines;
    }
  } catch (cause) {
    throw unreadable({ file }, cause);
  }
  yield rest;
}

function objectText(content: string, place: Place): string {
  const value = parse(content, place);
  if (!isObject(value)) throw new ImportError(place, `expected a JSON object, found ${kindOf(value)}`);
  return JSON.stringify(value);
}

function parse(content: string, place: Place) {
  const bytes = Buffer.from(content.replace(/^\uFEFF/, ""));
  return parseJson(bytes, place, defaultLimits, parseAsWritten).value;
}

function open(path: string) {
  return path === "-" ? process.stdin : createReadStream(path);
}

function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}
