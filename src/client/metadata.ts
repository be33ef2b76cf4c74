import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Metadata, ServiceError as StatusError } from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { explainUnreachable } from "./unreachable.ts";

const STATUS_DETAILS = "grpc-status-details-bin";

/**
 * The error that a call ended with, with its details.
 * @param secure whether the connection is, or would be, by TLS
 */
export function fromStatus(status: StatusError, secure: boolean): ConnectError {
  const code = status.code in Code ? (status.code as number as Code) : Code.Unknown;
  const message = code === Code.Unavailable ? explainUnreachable(status.details, secure) : status.details;
  const error = new ConnectError(message, code, headersOf(status.metadata), undefined, status);
  const [bytes] = status.metadata.get(STATUS_DETAILS);
  if (bytes instanceof Buffer) error.details = detailsOf(bytes);
  return error;
}

function detailsOf(bytes: Buffer): ConnectError["details"] {
  try {
    return fromBinary(StatusSchema, bytes).details.map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value,
    }));
  } catch {
    return [];
  }
}

export function headersOf(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    for (const value of values)
      headers.append(name, typeof value === "string" ? value : value.toString("base64"));
  }
  return headers;
}
