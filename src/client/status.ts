import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Metadata, ServiceError as StatusError } from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { explainTlsFailure } from "../tls-failures.ts";

const STATUS_DETAILS = "grpc-status-details-bin";

/** Makes the error of an ended call, with its details. @param secure whether it uses, or would use, TLS */
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

const tlsWords = {
  ca: "tls.ca",
  certificate: "tls.cert and tls.key",
  serverName: "tls.serverName",
  off: "without TLS (http://host:port)",
};

/** Says what to do about a failed connection, as far as grpc-js's details of UNAVAILABLE tell. */
function explainUnreachable(details: string, secure: boolean): string {
  if (!details.startsWith("No connection established")) return details;
  const explained = secure ? explainTlsFailure(details, tlsWords) : undefined;
  if (explained !== undefined) return `cannot connect to the service: ${explained}`;
  // grpc-js says no more about a connection that was closed before the other end's greeting.
  if (!details.includes("Failed to connect")) return details;
  return secure
    ? "the service closed the connection: it may not accept the client's certificate; give one with " +
        `${tlsWords.certificate} that its authority has signed`
    : "the service closed the connection: it may demand TLS, as in https://host:port";
}
