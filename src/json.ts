import type { JsonValue } from "@bufbuild/protobuf";

export type { JsonValue };
export type JsonObject = { [key: string]: JsonValue };
