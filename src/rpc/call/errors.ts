import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { z } from "zod";
import {
  BadRequest_FieldViolationSchema,
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../../../gen/google/rpc/error_details_pb.ts";
import { type Status, StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import { codeName, invalid, type Reason, ServiceError, type Violation } from "../../errors.ts";
import { limits, transportLimits } from "../../limits.ts";
import { cutBytes } from "../../text.ts";
import { messageOf } from "../../thrown.ts";
import { violationsOf } from "../../validation.ts";
import type { Call } from "./call.ts";

/** `domain` of every `google.rpc.ErrorInfo`: who defines the reasons. */
export const errorDomain = "llm-test-bench";

type Detail<Schema extends DescMessage = DescMessage> = { desc: Schema; value: MessageInitShape<Schema> };

/** The part of a call that its error needs. */
type FailedCall = Pick<Call, "requestId" | "log">;

/**
 * Makes the error that callers get for anything thrown: a code, a message, `ErrorInfo` and `RequestInfo`,
 * with `BadRequest` for faulty fields and `RetryInfo` where trying again helps. A `ServiceError` or
 * `ConnectError` is public, a `ZodError` names its fields, and all else is logged and masked as INTERNAL.
 */
export function toConnectError(thrown: unknown, call: FailedCall): ConnectError {
  if (thrown instanceof ServiceError) return publicError(thrown, call);
  if (thrown instanceof ConnectError) {
    const details = thrown.details.filter((detail) => "desc" in detail);
    const explained = details.some(({ desc }) => desc.typeName === ErrorInfoSchema.typeName);
    return connectError(
      thrown.code,
      thrown.rawMessage,
      [...(explained ? [] : [errorInfo(codeName(thrown.code) as Reason)]), ...details, requestInfo(call)],
      thrown,
    );
  }
  if (thrown instanceof z.ZodError) {
    return publicError(invalid(violationsOf(thrown), thrown), call);
  }
  const err = thrown instanceof Error ? thrown : new Error(`thrown: ${messageOf(thrown)}`);
  call.log.error({ err }, "internal error");
  const masked = `internal error; the server's log has it under request id ${call.requestId}`;
  return publicError(new ServiceError(Code.Internal, "INTERNAL", masked, { cause: thrown }), call);
}

/** An error as `google.rpc.Status`. */
function richStatus({ code, rawMessage, details }: ConnectError): Status {
  const packed = details.flatMap((detail) =>
    "desc" in detail ? [anyPack(detail.desc, create(detail.desc, detail.value))] : [],
  );
  return create(StatusSchema, { code, message: rawMessage, details: packed });
}

/** Encodes an error as `grpc-status-details-bin` holds it. */
export function encodeStatus(error: ConnectError): Buffer {
  return Buffer.from(toBinary(StatusSchema, richStatus(error)));
}

function publicError(error: ServiceError, call: FailedCall): ConnectError {
  const details: Detail[] = [errorInfo(error.reason, error.metadata)];
  if (error.violations.length > 0) details.push(badRequest(error.violations));
  if (error.retryAfterMs !== undefined) details.push(retryInfo(error.retryAfterMs));
  details.push(requestInfo(call));
  return connectError(error.code, error.message, details, error);
}

function connectError(code: Code, message: string, details: Detail[], cause: Error): ConnectError {
  const kept = cutBytes(message, transportLimits.errorMessageBytes);
  const shown = kept === message ? message : `${kept}…`;
  // A lone surrogate cannot be percent-encoded, and the transports' attempt ends the process.
  return new ConnectError(shown.toWellFormed(), code, undefined, details, cause);
}

function errorInfo(reason: Reason, metadata: Record<string, string> = {}): Detail<typeof ErrorInfoSchema> {
  const entries = Object.entries(metadata).map(([key, value]) => [key.toWellFormed(), value.toWellFormed()]);
  const value = { reason, domain: errorDomain, metadata: Object.fromEntries(entries) };
  return { desc: ErrorInfoSchema, value };
}

function badRequest(violations: readonly Violation[]): Detail<typeof BadRequestSchema> {
  const fieldViolations = [];
  let bytes = 0;
  for (const { field, description } of violations) {
    const violation = create(BadRequest_FieldViolationSchema, {
      field: field.toWellFormed(),
      description: description.toWellFormed(),
    });
    bytes += toBinary(BadRequest_FieldViolationSchema, violation).length;
    if (bytes > transportLimits.errorViolationBytes) break;
    fieldViolations.push(violation);
  }
  return { desc: BadRequestSchema, value: { fieldViolations } };
}

function retryInfo(ms: number): Detail<typeof RetryInfoSchema> {
  const retryDelay = { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.floor(ms % 1000) * 1_000_000 };
  return { desc: RetryInfoSchema, value: { retryDelay } };
}

function requestInfo({ requestId }: FailedCall): Detail<typeof RequestInfoSchema> {
  return { desc: RequestInfoSchema, value: { requestId } };
}

/** Makes the error for a request message of more than `limit` bytes, which is refused unread. */
export function requestTooLarge(limit: number): ServiceError {
  const what = `the request has more than the ${limit} bytes that a message may have`;
  // Messages that anybody may send have a lower limit, which no setting changes.
  const advice = limit > limits.openRequestBytes ? " (LTB_MAX_MESSAGE_BYTES); send it in parts" : " here";
  return tooLarge(`${what}${advice}`, { limit_bytes: String(limit) });
}

/** Makes the error for a request message of more than `limit` elements, which is refused before decoding. */
export function requestTooHeavy(limit: number): ServiceError {
  const what = `the request has more than the ${limit} elements (of lists, maps and JSON documents)`;
  return tooLarge(`${what} that a message may have; send it in parts`, { limit_elements: String(limit) });
}

/** Makes the error for a response message of `bytes` bytes, more than `limit`. */
export function responseTooLarge(bytes: number, limit: number): ServiceError {
  const what = `the response has ${bytes} bytes, more than the ${limit} that a message may have`;
  return tooLarge(`${what} (LTB_MAX_MESSAGE_BYTES); ask for less, for example by a smaller page_size`, {
    bytes: String(bytes),
    limit_bytes: String(limit),
  });
}

function tooLarge(message: string, metadata: Record<string, string>): ServiceError {
  return new ServiceError(Code.ResourceExhausted, "MESSAGE_TOO_LARGE", message, { metadata });
}
