import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { type Status, StatusSchema } from "../../../gen/google/rpc/status_pb.ts";

/** An error as `google.rpc.Status`: what `grpc-status-details-bin` holds. */
export function richStatus({ code, rawMessage, details }: ConnectError): Status {
  const packed = details.flatMap((detail) =>
    "desc" in detail ? [anyPack(detail.desc, create(detail.desc, detail.value))] : [],
  );
  return create(StatusSchema, { code, message: rawMessage, details: packed });
}
