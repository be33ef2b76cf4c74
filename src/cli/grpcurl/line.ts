import type { DescMethod } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { permissionOf } from "../../auth/permissions.ts";
import { quote } from "../../text.ts";
import type { JsonObject } from "../../validation.ts";
import { hostAndPort } from "../shared/client.ts";
import type { TlsFlags } from "../shared/tls.ts";
import { exampleOf } from "./methods.ts";

export interface Target extends Omit<TlsFlags, "tls"> {
  /** `host:port`, with or without a scheme. */
  address: string;
  secure: boolean;
  /** The placeholder of the API key in the line, for example `$LTB_API_KEY`, never the key itself. */
  key: string;
  /** Folder of the protos, where the service does not describe itself. */
  proto?: string | undefined;
}

const tlsOptions = [
  ["tlsCa", "-cacert"],
  ["tlsCert", "-cert"],
  ["tlsKey", "-key"],
  ["tlsServerName", "-servername"],
] as const;

/** The command line that calls the method with its example body. */
export function grpcurlLine(method: DescMethod, target: Target): string {
  const { address, secure, key, proto } = target;
  const body = inGrpcurl(method, exampleOf(method));
  const tls = tlsOptions.flatMap(([field, option]) => {
    const value = target[field];
    return value === undefined ? [] : [option, quote(value)];
  });
  return [
    "grpcurl",
    ...(secure ? tls : ["-plaintext"]),
    ...(permissionOf(method) === "open" ? [] : ["-H", `"authorization: Bearer ${key}"`]),
    ...(proto === undefined ? [] : ["-import-path", quote(proto), "-proto", method.parent.file.proto.name]),
    ...(Object.keys(body).length === 0 ? [] : ["-d", quote(JSON.stringify(body))]),
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
