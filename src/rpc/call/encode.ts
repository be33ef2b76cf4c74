import { create, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { responseTooLarge } from "./too-large.ts";

/**
 * A response of the method as its handler gave it, in the binary format, which the limit of messages counts on every wire.
 * @throws MESSAGE_TOO_LARGE
 */
export function encodeResponse(
  { output }: DescMethod,
  response: unknown,
  maxMessageBytes: number,
): Uint8Array {
  const bytes = toBinary(output, create(output, response as MessageInitShape<typeof output>));
  if (bytes.length > maxMessageBytes) throw responseTooLarge(bytes.length, maxMessageBytes);
  return bytes;
}
