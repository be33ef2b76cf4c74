import { limits } from "../limits.ts";
import type { EvaluationFilter } from "./input.ts";
import type { EvaluationListOptions, EvaluationPage } from "./lists/list.ts";
import type { EvaluationRepository } from "./repository.ts";

/**
 * Yields all evaluations that match, in chunks of bounded size. Each chunk is a short read of its own, since
 * one long snapshot would keep vacuum from cleaning up. Rows that are added meanwhile may be left out.
 */
export async function* exportChunks(
  evaluations: EvaluationRepository,
  filter: EvaluationFilter,
  options: Omit<EvaluationListOptions, "limit">,
): AsyncIterable<EvaluationPage> {
  let position = options.after;
  do {
    const page = await evaluations.list(filter, {
      ...options,
      limit: limits.exportChunkRows,
      after: position,
    });
    if (page.items.length > 0) yield page;
    position = page.next;
  } while (position);
}
