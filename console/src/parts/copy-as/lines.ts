import { create, type DescMethod, type JsonObject, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { grpcurlLine } from "../../../../src/cli/grpcurl/line.ts";
import { makePrintableJson, quote } from "../../../../src/text.ts";
import { typescriptOf } from "./typescript.ts";

/** What a page shows: the call that it asks, and the words of `ltb` that ask the same. */
export interface Asked<Method extends DescMethod = DescMethod> {
  method: Method;
  request: MessageInitShape<Method["input"]>;
  ltb: readonly string[];
}

/** How the service is called, as `/console/config` tells it. */
interface Service {
  auth: "required" | "off";
  grpc: { port: number; tls: boolean };
}

/** Stands for the API key, which is in no line. */
const key = "$LTB_API_KEY";

/** The ways to get what a page shows without it, each with its name. */
export function linesOf(
  { method, request, ltb }: Asked,
  { auth, grpc }: Service,
  page: Pick<URL, "href" | "origin" | "hostname">,
): readonly (readonly [name: string, text: string])[] {
  const message = create(method.input, request);
  const body = toJson(method.input, message, { useProtoFieldName: true }) as JsonObject;
  const address = `${page.hostname}:${grpc.port}`;
  const isGuarded = auth === "required";
  const target = { address, secure: grpc.tls, key: isGuarded ? key : undefined };
  return [
    ["Link", page.href],
    ["ltb", ["ltb", ...withAddress(ltb, `${grpc.tls ? "https://" : ""}${address}`)].map(word).join(" ")],
    ["grpcurl", grpcurlLine(method, body, target)],
    ["curl", curlLine(`${page.origin}/${method.parent.typeName}/${method.name}`, body, isGuarded)],
    ["TypeScript", typescriptOf(method, message, `${grpc.tls ? "https://" : ""}${address}`)],
  ];
}

/** The address is where the command line looks for the service anyway, or is put before the arguments. */
function withAddress(words: readonly string[], address: string): readonly string[] {
  if (/^(?:localhost|127\.0\.0\.1):50052$/.test(address)) return words;
  const end = words.indexOf("--");
  const at = end < 0 ? words.length : end;
  return [...words.slice(0, at), "--address", address, ...words.slice(at)];
}

function curlLine(url: string, body: JsonObject, isGuarded: boolean): string {
  return [
    "curl -sS",
    quote(url),
    "-H 'content-type: application/json'",
    ...(isGuarded ? [`-H "authorization: Bearer ${key}"`] : []),
    "-d",
    // What acts on a terminal when it is pasted is escaped.
    quote(makePrintableJson(JSON.stringify(body))),
  ].join(" ");
}

/**
 * A text as one word of the shell. Control characters, which a terminal may obey when they are pasted, even
 * within quotes, are written as bash, zsh and ksh read them.
 */
export function word(text: string): string {
  if (!/\p{Cc}/u.test(text)) return quote(text);
  const written = text.replace(/[\\']/g, "\\$&").replace(/\p{Cc}/gu, (character) =>
    // In UTF-8, as the shell reads bytes.
    [...new TextEncoder().encode(character)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  );
  return `$'${written}'`;
}
