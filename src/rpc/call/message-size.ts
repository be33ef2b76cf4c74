import { create, type DescMethod, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import type { Response } from "./handler.ts";

/**
 * Encodes a response of the method in the binary format, which the limit of messages counts on every wire.
 * @throws MESSAGE_TOO_LARGE
 */
export function encodeResponse(
  { output }: DescMethod,
  response: Response,
  maxMessageBytes: number,
): Uint8Array {
  const bytes = toBinary(output, create(output, response));
  if (bytes.length > maxMessageBytes) throw responseTooLarge(bytes.length, maxMessageBytes);
  return bytes;
}

/**
 * Makes the error for a request message of more than `limit` bytes: it is refused unread, so its size is not
 * known.
 */
export function requestTooLarge(limit: number): ServiceError {
  return new ServiceError(
    Code.ResourceExhausted,
    "MESSAGE_TOO_LARGE",
    `the request has more than the ${limit} bytes that a message may have (LTB_MAX_MESSAGE_BYTES); ` +
      "send it in parts",
    { metadata: { limit_bytes: String(limit) } },
  );
}

function responseTooLarge(bytes: number, limit: number): ServiceError {
  return new ServiceError(
    Code.ResourceExhausted,
    "MESSAGE_TOO_LARGE",
    `the response has ${bytes} bytes, more than the ${limit} that a message may have ` +
      "(LTB_MAX_MESSAGE_BYTES); ask for less, for example by a smaller page_size",
    { metadata: { bytes: String(bytes), limit_bytes: String(limit) } },
  );
}
