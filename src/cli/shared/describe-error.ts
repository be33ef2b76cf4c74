import { Code, ConnectError } from "@connectrpc/connect";
import { CommanderError } from "commander";
import { BadRequestSchema, ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { codeName, ServiceError, type Violation } from "../../errors.ts";
import { CliError, UsageError } from "./errors.ts";
import { note, noteJson } from "./output.ts";
import { paint } from "./terminal.ts";

/** An error as it is shown; with `--json` as `{"error": …}`. */
export interface ShownError {
  /** As gRPC spells it, for example `NOT_FOUND`. */
  code: string;
  /** Stable cause, for example `FORBIDDEN_STATUS_CHANGE`. */
  reason: string;
  message: string;
  violations: Violation[];
}

/** The codes of errors of our own, by name: the classes would bring what they are thrown by. */
const codesByName: Record<string, string> = {
  BackupError: "INVALID_ARGUMENT",
  ConfigError: "INVALID_ARGUMENT",
  ImportError: "INVALID_ARGUMENT",
  MigrationError: "FAILED_PRECONDITION",
};

export function describeError(error: unknown): ShownError {
  if (error instanceof ConnectError) {
    const code = codeName(error.code);
    return {
      code,
      reason: error.findDetails(ErrorInfoSchema)[0]?.reason || code,
      message: error.rawMessage,
      violations: error
        .findDetails(BadRequestSchema)
        .flatMap(({ fieldViolations }) => fieldViolations)
        .map(({ field, description }) => ({ field, description })),
    };
  }
  if (error instanceof ServiceError) {
    const { code, reason, message, violations } = error;
    return { code: codeName(code), reason, message, violations };
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "");
    return ownError("INVALID_ARGUMENT", "USAGE", `${message}\nAdd --help for the usage.`);
  }
  if (error instanceof CliError) {
    const reason = error instanceof UsageError ? "USAGE" : error.code;
    return ownError(error.code, reason, error.message);
  }
  if (!(error instanceof Error)) return ownError("UNKNOWN", "UNKNOWN", String(error));
  return ownError(codesByName[error.name] ?? "UNKNOWN", reasonOf(error.name), error.message);
}

function ownError(code: string, reason: string, message: string): ShownError {
  return { code, reason, message, violations: [] };
}

/** Writes one error to stderr; its stack only with LTB_LOG_LEVEL=debug or trace. */
export function showError(error: ShownError, { json, cause }: { json: boolean; cause?: unknown }): void {
  if (json) noteJson({ error });
  else note(inWords(error, cause instanceof ConnectError));
  if (/^(debug|trace)$/i.test(process.env.LTB_LOG_LEVEL ?? "") && cause instanceof Error)
    note(String(cause.stack));
}

function inWords({ code, reason, message, violations }: ShownError, fromService: boolean): string {
  const label = reason === code ? `${code}: ` : `${code} (${reason}): `;
  // The service usually says in the message what the violations say, field by field.
  const missing = violations
    .filter(({ description }) => !message.includes(description))
    .map(({ field, description }) => `; ${field}: ${description}`);
  const isRange = violations.some(
    ({ field, description }) => Object.hasOwn(ranges, field) && description.startsWith("is required"),
  );
  const [range = ""] = violations.flatMap(({ field }) => ranges[field] ?? []);
  const remedy = isRange ? `: give it by --range, as in --range ${range}` : "";
  return `${paint("red", "error:")} ${fromService ? label : ""}${message}${missing.join("")}${remedy}`;
}

/** What the option that fills these fields looks like. */
const ranges: Record<string, string> = { range_low: "0:", range_high: ":60000" };

/** True where the connection broke and the same call may do better later. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  if (error.code === Code.Unavailable) return true;
  // A connection that is cut in the middle of an answer; the service's own errors bring an ErrorInfo.
  const own = error.findDetails(ErrorInfoSchema).length > 0;
  return (
    !own && (error.code === Code.Aborted || error.code === Code.Internal || error.code === Code.Canceled)
  );
}

function reasonOf(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}
