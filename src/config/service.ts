import { z } from "zod";
import { address, bytes, expecting, flag, oneOf, origins, seconds, text } from "./fields.ts";

const notYet = (what: string) => expecting(`it to be unset: ${what}`, z.never()).optional();

/** The service's own settings: name, form, limits and default of each. */
export const service = z.object({
  LTB_GRPC_ADDRESS: address.default({ host: "127.0.0.1", port: 50_052 }),
  LTB_HTTP_ADDRESS: address.default({ host: "127.0.0.1", port: 50_053 }),
  LTB_DATA_DIR: text.default(".ltb"),
  LTB_ALLOW_INSECURE: flag.default(false),
  LTB_LOG_LEVEL: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent").default("info"),
  LTB_AUTH: expecting(
    "off (this version does not authenticate callers yet)",
    z.string().toLowerCase().pipe(z.literal("off")),
  ).default("off"),
  LTB_CORS_ORIGINS: origins.default([]),
  LTB_MAX_MESSAGE_BYTES: bytes(65_536, 67_108_864).default(4_194_304),
  LTB_DEFAULT_DEADLINE: seconds(0.1, 3600).default(30),
  LTB_DRAIN_TIMEOUT: seconds(0, 3600).default(10),
  LTB_STARTUP_TIMEOUT: seconds(0, 3600).default(60),
  DATABASE_LISTEN: flag.default(true),
  DATABASE_PREPARED_STATEMENTS: flag.default(true),
  LTB_TLS_CERT_FILE: notYet("this version does not serve TLS yet"),
  LTB_TLS_KEY_FILE: notYet("this version does not serve TLS yet"),
  LTB_TLS_CLIENT_CA_FILE: notYet("this version does not serve TLS yet"),
});
