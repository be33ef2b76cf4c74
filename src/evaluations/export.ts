import { limits } from "../limits.ts";
import type { EvaluationFilter, EvaluationPosition } from "./input.ts";
import type { EvaluationPage, EvaluationRepository } from "./repository.ts";

interface ExportOptions {
  after: EvaluationPosition | undefined;
  full: boolean;
}

/**
 * Reads all evaluations that match, in chunks of bounded size. Each chunk is a short read of its own, since
 * one long snapshot would keep vacuum from cleaning up. Rows that are added during the export may or may not
 * be in it.
 */
export async function* exportChunks(
  evaluations: EvaluationRepository,
  filter: EvaluationFilter,
  { after, full }: ExportOptions,
): AsyncIterable<EvaluationPage> {
  let position = after;
  do {
    const page = await evaluations.list(filter, { limit: limits.exportChunkRows, after: position, full });
    if (page.items.length > 0) yield page;
    position = page.next;
  } while (position);
}
