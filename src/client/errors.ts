import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { Violation } from "../errors.ts";
import { durationMs } from "../wire/duration.ts";

/** A longer time would overflow the timers of Node, which then end at once. */
const MOST_RETRY_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * Returns the stable cause of a call's error (`google.rpc.ErrorInfo.reason`), for example `UNIQUE_KEY_TAKEN`;
 * undefined if the error comes not from the service but, for example, from the connection.
 */
export function reasonOf(error: unknown): string | undefined {
  return detailsOf(error, ErrorInfoSchema)[0]?.reason || undefined;
}

/** Returns the facts of the reason, for example `{ entity: "job", id: "…" }`; empty if there are none. */
export function errorMetadataOf(error: unknown): Record<string, string> {
  return { ...detailsOf(error, ErrorInfoSchema)[0]?.metadata };
}

/** Returns the wrong fields by their proto path, for example `jobs[3].job_type`; empty if none is named. */
export function violationsOf(error: unknown): Violation[] {
  return detailsOf(error, BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations)
    .map(({ field, description }) => ({ field, description }));
}

/** Returns the milliseconds, of 7 days at most, that the service asks to wait; undefined if it does not. */
export function retryAfterMsOf(error: unknown): number | undefined {
  const [info] = detailsOf(error, RetryInfoSchema);
  return info && Math.max(0, Math.min(durationMs(info.retryDelay), MOST_RETRY_AFTER_MS));
}

function detailsOf<Schema extends DescMessage>(error: unknown, schema: Schema): MessageShape<Schema>[] {
  return error instanceof ConnectError ? error.findDetails(schema) : [];
}
