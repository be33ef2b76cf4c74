import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { Violation } from "../errors.ts";
import { durationMs } from "../wire/duration.ts";

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

/** Returns the milliseconds that the service asks to wait before a repetition; undefined if none. */
export function retryAfterMsOf(error: unknown): number | undefined {
  const [info] = detailsOf(error, RetryInfoSchema);
  return info && durationMs(info.retryDelay);
}

function detailsOf<Schema extends DescMessage>(error: unknown, schema: Schema): MessageShape<Schema>[] {
  return error instanceof ConnectError ? error.findDetails(schema) : [];
}
