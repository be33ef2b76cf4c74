import type { DescMethod } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { hostAndPort } from "../../address.ts";
import { makePrintableJson, quote } from "../../text.ts";
import type { JsonObject } from "../../validation.ts";
import type { TlsFlags } from "../shared/tls.ts";

export interface Target extends Omit<TlsFlags, "tls"> {
  /** `host:port`, with or without a scheme. */
  address: string;
  secure: boolean;
  /**
   * The placeholder of the API key in the line, for example `$LTB_API_KEY`, never the key itself. Undefined:
   * the call takes none.
   */
  key: string | undefined;
  /** Folder of the protos, where the service does not describe itself. */
  proto?: string | undefined;
}

const tlsOptions = [
  ["tlsCa", "-cacert"],
  ["tlsCert", "-cert"],
  ["tlsKey", "-key"],
  ["tlsServerName", "-servername"],
] as const;

/** The command line that calls the method with this body, in the JSON of protobuf. */
export function grpcurlLine(method: DescMethod, given: JsonObject, target: Target): string {
  const { address, secure, key, proto } = target;
  const body = inGrpcurl(method, given);
  const tls = tlsOptions.flatMap(([field, option]) => {
    const value = target[field];
    return value === undefined ? [] : [option, quote(value)];
  });
  return [
    "grpcurl",
    ...(secure ? tls : ["-plaintext"]),
    ...(key === undefined ? [] : ["-H", `"authorization: Bearer ${key}"`]),
    ...(proto === undefined ? [] : ["-import-path", quote(proto), "-proto", method.parent.file.proto.name]),
    ...(Object.keys(body).length === 0 ? [] : ["-d", quote(makePrintableJson(JSON.stringify(body)))]),
    hostAndPort(address),
    `${method.parent.typeName}/${method.name}`,
  ].join(" ");
}

/** Turns the JSON of protobuf into that of grpcurl, to which a field mask is a message like any other. */
export function inGrpcurl({ input }: DescMethod, body: JsonObject): JsonObject {
  const masks = input.fields.filter(({ message }) => message?.typeName === FieldMaskSchema.typeName);
  const changed = masks.flatMap(({ name }) => {
    const mask = body[name];
    return typeof mask === "string" ? [[name, { paths: mask.split(",") }] as const] : [];
  });
  return { ...body, ...Object.fromEntries(changed) };
}
