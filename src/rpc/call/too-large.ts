import { Code } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";

/** A request message of more than `limit` bytes. How many it has is not always known: it is refused unread. */
export function requestTooLarge(limit: number): ServiceError {
  return new ServiceError(
    Code.ResourceExhausted,
    "MESSAGE_TOO_LARGE",
    `the request has more than the ${limit} bytes that a message may have (LTB_MAX_MESSAGE_BYTES); send it in parts`,
    { metadata: { limit_bytes: String(limit) } },
  );
}

/** A response message of `bytes` bytes, more than `limit`. */
export function responseTooLarge(bytes: number, limit: number): ServiceError {
  return new ServiceError(
    Code.ResourceExhausted,
    "MESSAGE_TOO_LARGE",
    `the response has ${bytes} bytes, more than the ${limit} that a message may have (LTB_MAX_MESSAGE_BYTES); ask for less, for example by a smaller page_size`,
    { metadata: { bytes: String(bytes), limit_bytes: String(limit) } },
  );
}
