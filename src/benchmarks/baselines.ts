import { z } from "zod";
import { auditRows, recordAudit } from "../audit/record.ts";
import type { Executor } from "../database/statement/executor.ts";
import type { Page, PageOptions } from "../database/statement/page.ts";
import { example, sql, statement } from "../database/statement/sql.ts";
import { requireFound } from "../errors.ts";
import { parseInput, parseLimit, uuid } from "../validation.ts";
import { type BaselinePosition, datasetName } from "./input.ts";

const baselineRow = z.object({
  dataset: z.string(),
  benchmarkId: z.string(),
  benchmarkName: z.string(),
  setBy: z.string().nullable(),
  setAt: z.string(),
});

/** The benchmark that others on its dataset are compared with. `setBy` is null if nobody was known. */
export type Baseline = z.output<typeof baselineRow>;

const selectBaselines = sql.fragment`
  select n.dataset, n.benchmark_id, b.name as benchmark_name, n.set_by, n.set_at
  from baselines n join benchmarks b on b.id = n.benchmark_id`;

// Changes of a dataset's baseline take turns, also where there is none yet; none overtakes the deletion of
// its benchmark.
const lockBaseline = statement("baseline_lock", {
  row: z.object({ dataset: z.string(), locked: z.string() }),
  build: (benchmarkId: string) => sql.fragment`
    select
      dataset, pg_advisory_xact_lock(hashtextextended('baselines:' || dataset, 0))::text as locked
    from benchmarks where id = ${benchmarkId} for key share`,
  examples: [[example.id]],
});

const writeBaseline = statement("baseline_set", {
  row: z.object({ dataset: z.string() }),
  build: (dataset: string, benchmarkId: string, setBy: string | undefined) => sql.fragment`
    insert into baselines (dataset, benchmark_id, set_by) values (${dataset}, ${benchmarkId}, ${setBy ?? null})
    on conflict (dataset) do update
    set benchmark_id = excluded.benchmark_id, set_by = excluded.set_by, set_at = now()
    returning dataset`,
  examples: [["d", example.id, undefined]],
});

const readBaseline = statement("baseline_get", {
  row: baselineRow,
  build: (dataset: string) => sql.fragment`${selectBaselines} where n.dataset = ${dataset}`,
  examples: [["d"]],
});

const readBaselines = statement("baseline_list", {
  row: baselineRow,
  build: (after: string, limit: number) => sql.fragment`
    ${selectBaselines} where n.dataset > ${after} order by n.dataset limit ${limit}`,
  examples: [["", 10]],
});

const deleteBaseline = statement("baseline_unset", {
  row: z.object({ dataset: z.string() }),
  build: (dataset: string) => sql.fragment`
    with gone as (delete from baselines where dataset = ${dataset} returning *), ${auditRows({
      action: "delete",
      entityType: "baseline",
      entityId: sql.fragment`gone.dataset`,
      changes: sql.fragment`
        jsonb_build_object('before', jsonb_build_object('benchmark_id', gone.benchmark_id))`,
      from: sql.fragment`gone`,
      atMost: 1,
    })}
    select dataset from gone`,
  examples: [["d"]],
});

/** See `BenchmarkRepository.setBaseline`. */
export function setBaseline(db: Executor, benchmarkId: string, setBy?: string): Promise<Baseline> {
  const id = parseInput(uuid, benchmarkId, "benchmark_id");
  const by = setBy === undefined ? undefined : parseInput(uuid, setBy, "set_by");
  return db.transaction(async (transaction) => {
    const { dataset } = requireFound(await transaction.maybeOne(lockBaseline(id)), "benchmark", id);
    const before = await transaction.maybeOne(readBaseline(dataset));
    if (before?.benchmarkId === id) return before;
    await transaction.one(writeBaseline(dataset, id, by));
    await recordAudit(transaction, [
      {
        action: before ? "update" : "create",
        entityType: "baseline",
        entityId: dataset,
        changes: {
          ...(before && { before: { benchmarkId: before.benchmarkId } }),
          after: { benchmarkId: id },
        },
      },
    ]);
    return transaction.one(readBaseline(dataset));
  });
}

/** See `BenchmarkRepository.getBaseline`. */
export async function getBaseline(db: Executor, dataset: string): Promise<Baseline> {
  const name = parseInput(datasetName, dataset, "dataset");
  return requireFound(await findBaseline(db, name), "baseline", name);
}

/** The baseline of a dataset; null if it has none. */
export async function findBaseline(db: Executor, dataset: string): Promise<Baseline | null> {
  return db.maybeOne(readBaseline(dataset));
}

/** See `BenchmarkRepository.listBaselines`. */
export async function listBaselines(
  db: Executor,
  { limit, after }: PageOptions<BaselinePosition>,
): Promise<Page<Baseline, BaselinePosition>> {
  const size = parseLimit(limit);
  const rows = await db.any(readBaselines(after?.dataset ?? "", size + 1));
  const items = rows.slice(0, size);
  const last = rows.length > size ? items.at(-1) : undefined;
  return { items, next: last && { dataset: last.dataset } };
}

/** See `BenchmarkRepository.unsetBaseline`. */
export async function unsetBaseline(db: Executor, dataset: string): Promise<void> {
  await db.maybeOne(deleteBaseline(parseInput(datasetName, dataset, "dataset")));
}
