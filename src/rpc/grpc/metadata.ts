import { toBinary } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { Metadata, status as Status } from "@grpc/grpc-js";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import type { CallContext } from "../call/context.ts";
import { richStatus } from "../call/errors.ts";
import { forEachSendable } from "../call/metadata.ts";

/** Response header of a call: its request id and what the handler set. */
export function headerMetadata({ call, setHeader }: CallContext): Metadata {
  const metadata = new Metadata();
  metadata.set("x-request-id", call.requestId);
  if (setHeader) addTo(metadata, setHeader);
  return metadata;
}

/** Response trailer as the handler set it; undefined if it set none. */
export function trailerMetadata({ setTrailer }: CallContext): Metadata | undefined {
  return setTrailer && addTo(new Metadata(), setTrailer);
}

/**
 * The status of a failed call, with `google.rpc.Status` in `grpc-status-details-bin`. It is sent without a header before it, so its trailer
 * carries the request id.
 */
export function statusOf(error: unknown, context: CallContext) {
  const metadata = headerMetadata(context);
  if (context.setTrailer) addTo(metadata, context.setTrailer);
  // The chain throws nothing else; whatever else it is came from the transport.
  if (!(error instanceof ConnectError)) {
    context.call.log.error({ err: error }, "the answer could not be sent");
    return { code: Status.INTERNAL, details: "internal error", metadata };
  }
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, richStatus(error))));
  const code: number = error.code;
  return { code, details: error.rawMessage, metadata };
}

function addTo(metadata: Metadata, headers: Headers): Metadata {
  forEachSendable(headers, (name, value) => {
    metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  });
  return metadata;
}
