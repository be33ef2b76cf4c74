import { v7 } from "uuid";

/** A new UUIDv7 (RFC 9562, 5.7): ids made by one process ascend, so indexes over them grow at their right edge. */
export function newId(): string {
  return v7();
}
