import { z } from "zod";
import { limits, transportLimits } from "../limits.ts";
import { address, bytes, callRate, flag, integer, oneOf, origins, seconds, text, token } from "./fields.ts";

/** The service's own settings: name, form, limits and default of each. */
export const service = z.object({
  LTB_GRPC_ADDRESS: address.default({ host: "127.0.0.1", port: 50_052 }),
  LTB_HTTP_ADDRESS: address.default({ host: "127.0.0.1", port: 50_053 }),
  LTB_DATA_DIR: text.default(".ltb"),
  LTB_AUDIT_KEY_FILE: text.optional(),
  LTB_AUDIT_HEAD_FILE: text.optional(),
  LTB_ALLOW_INSECURE: flag.default(false),
  LTB_METRICS: oneOf("open", "off").optional(),
  LTB_METRICS_TOKEN: token.optional(),
  LTB_SLOW_QUERY_MS: integer(0, 3_600_000).default(500),
  LTB_LOG_LEVEL: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent").default("info"),
  LTB_LOG_FORMAT: oneOf("auto", "json", "pretty").default("auto"),
  LTB_AUTH: oneOf("required", "off").default("required"),
  LTB_REFLECTION: flag.optional(),
  LTB_RATE_LIMIT: callRate.optional(),
  LTB_MAX_CALLS: integer(1, 1_000_000).default(limits.callsInProgress),
  LTB_MAX_CALLS_PER_KEY: integer(1, 1_000_000).default(limits.callsInProgressOfKey),
  LTB_CORS_ORIGINS: origins.default([]),
  LTB_MAX_MESSAGE_BYTES: bytes(65_536, 67_108_864).default(4_194_304),
  LTB_DEFAULT_DEADLINE: seconds(0.1, 3600).default(30),
  LTB_DRAIN_TIMEOUT: seconds(0, 3600).default(10),
  LTB_REPLICA_MAX_LAG: seconds(1, 3600).default(10),
  LTB_RETENTION_JOBS_DAYS: integer(1, 36_500).optional(),
  LTB_RETENTION_EVALUATIONS_DAYS: integer(1, 36_500).optional(),
  LTB_RETENTION_AUDIT_DAYS: integer(1, 36_500).optional(),
  LTB_STARTUP_TIMEOUT: seconds(0, 3600).default(60),
  DATABASE_LISTEN: flag.default(true),
  DATABASE_PREPARED_STATEMENTS: flag.default(true),
  LTB_TLS_CERT_FILE: text.optional(),
  LTB_TLS_KEY_FILE: text.optional(),
  LTB_TLS_CLIENT_CA_FILE: text.optional(),
  LTB_TLS_CLIENT_AUTH: oneOf("required", "optional").optional(),
  LTB_MAX_CONNECTIONS: integer(1, 1_000_000).default(transportLimits.connections),
});
