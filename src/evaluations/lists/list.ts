import type { Executor } from "../../database/statement/executor.ts";
import { cut, type Page, type PageOptions } from "../../database/statement/page.ts";
import { invalidField, requireFound } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { parseInput, parseLimit, uuid } from "../../validation.ts";
import {
  type EvaluationFilter,
  type EvaluationPosition,
  evaluationFilter,
  type ParsedFilter,
} from "../input.ts";
import type { ListedEvaluation } from "../rows.ts";
import { planSearch, type SearchPlan } from "../search/search.ts";
import { requireBenchmark } from "../statements.ts";
import { findPlace, listEvaluations, previewEvaluations, type Range } from "./statements.ts";
import { parseView, type ViewOptions } from "./views.ts";

export interface EvaluationPage extends Page<ListedEvaluation, EvaluationPosition> {
  /** As `after`, it gives the page before this one. Undefined where there is none. */
  previous: EvaluationPosition | undefined;
}

export interface EvaluationListOptions extends PageOptions<EvaluationPosition>, ViewOptions {
  /** The page has this evaluation, and what stands around it. Default: the list's first page. */
  aroundId?: string | undefined;
}

type Row = ListedEvaluation & { fetched: number; value: number | null };

/** See `EvaluationRepository.list`. */
export async function readList(
  executors: { db: Executor; heavy: Executor },
  filter: EvaluationFilter,
  options: EvaluationListOptions,
): Promise<EvaluationPage> {
  const parsed = parseInput(evaluationFilter, filter);
  const limit = parseLimit(options.limit);
  const view = parseView(options);
  const { after } = options;
  const db = mayWalk(parsed) ? executors.heavy : executors.db;
  const around = after ? undefined : parseInput(uuid.optional(), options.aroundId, "around_id");
  const plan = await planSearch(db, parsed, after?.walk ?? false);
  const isSearch = parsed.metadata !== undefined || parsed.text !== undefined;
  const read = (range: Range, of = view) => readRows(db, parsed, range, of, plan);
  const place = ({ createdAt, score, id, value }: Row, isBefore = false): EvaluationPosition => ({
    ...{ createdAt, score, id },
    ...(value !== null && { value }),
    ...(plan === "walk" && isSearch && { walk: true }),
    ...(isBefore && { isBefore }),
  });
  if (around !== undefined) return readAround();
  const isBack = after?.isBefore ?? false;
  const rows = await read({ limit: limit + 1, from: after, isBack });
  if (rows.length === 0 && !after) await requireBenchmark(executors.db, parsed.benchmarkId);
  const { items, last } = cut(rows, limit);
  const [near, far] = [items[0] as Row | undefined, last as Row | undefined];
  if (isBack)
    return {
      items: items.map(withoutValue).reverse(),
      next: near && place(near),
      previous: far && place(far, true),
    };
  return {
    items: items.map(withoutValue),
    next: far && place(far),
    previous: after && near && place(near, true),
  };

  async function readAround(): Promise<EvaluationPage> {
    const { orderBy, benchmarkId, metric } = parsed;
    const found = await db.maybeOne(findPlace(around ?? "", benchmarkId, metric ?? "score"));
    const { value, ...rest } = requireFound(found, "evaluation", around ?? "");
    const key = orderBy.endsWith("score") ? rest.score : orderBy.endsWith("value") ? value : rest.createdAt;
    if (key === null)
      throw invalidField("around_id", "must be of an evaluation that has a value to be ordered by");
    const from = { ...rest, ...(value !== null && { value }) };
    // Rows with texts may be as large as a message, so that two of them would not fit into one.
    const most = view.full ? 0 : Math.floor((limit - 1) / 2);
    const maxBytes = view.full ? limits.pageBytes : limits.pageBytes / 2;
    const brief = { full: false, previewChars: view.full ? undefined : view.previewChars };
    const back = cut(await read({ limit: most + 1, from, isBack: true, maxBytes }, brief), most);
    const ahead = cut(
      await read({ limit: limit - back.items.length + 1, from, isIncluding: true, maxBytes }),
      limit - back.items.length,
    );
    const items = [...back.items.toReversed(), ...ahead.items] as Row[];
    const [first, last] = [items[0], ahead.last as Row | undefined];
    return {
      items: items.map(withoutValue),
      next: last && place(last),
      previous: back.hasMore && first ? place(first, true) : undefined,
    };
  }
}

async function readRows(
  db: Executor,
  filter: ParsedFilter,
  range: Range,
  { full, previewChars }: ReturnType<typeof parseView>,
  plan: SearchPlan,
): Promise<readonly Row[]> {
  return full || previewChars === undefined
    ? db.any(listEvaluations(filter, range, full, plan))
    : db.any(previewEvaluations(filter, range, previewChars, plan));
}

function withoutValue({ value: _, ...item }: Omit<Row, "fetched">): ListedEvaluation {
  return item;
}

/** Whether a page may read many rows that are not on it: no index serves filter and order together. */
function mayWalk(filter: ParsedFilter): boolean {
  const { provider, model, metadata, text, minScore, maxScore, minValue, maxValue, errorContains, orderBy } =
    filter;
  if (orderBy.endsWith("value")) return true;
  const bounds = orderBy.endsWith("score") ? [] : [minScore, maxScore];
  const walked = [provider, model, metadata, text, minValue, maxValue, errorContains, ...bounds];
  return walked.some((value) => value !== undefined);
}
