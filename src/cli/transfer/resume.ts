import { setTimeout as sleep } from "node:timers/promises";
import { isTransient } from "../shared/describe-error.ts";
import { note } from "../shared/output.ts";

/** Pauses before a broken export is resumed, in milliseconds; it is given up after the last. */
const PAUSES_MS = [200, 1_000, 3_000, 10_000];

/**
 * The chunks of an export. One that breaks is resumed where it was.
 * @param open begins the export, at the beginning or after the chunk that this token came with
 */
export async function* resume<Chunk extends { nextPageToken: string }>(
  open: (pageToken: string) => AsyncIterable<Chunk>,
): AsyncGenerator<Chunk> {
  let pageToken = "";
  for (let failures = 0; ; ) {
    try {
      for await (const chunk of open(pageToken)) {
        failures = 0;
        pageToken = chunk.nextPageToken;
        yield chunk;
      }
      return;
    } catch (error) {
      const pause = PAUSES_MS[failures++];
      // Without a token the first chunk never came, so an unreachable service is reported at once.
      if (pause === undefined || pageToken === "" || !isTransient(error)) throw error;
      note(`note: the connection broke; resuming in ${pause / 1000} s`);
      await sleep(pause);
    }
  }
}
