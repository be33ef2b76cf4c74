import { z } from "zod";
import { type Fragment, fragmentOf, sql } from "../../database/statement/sql.ts";

// Here fingerprints are made; 20240320000001_initial_schema.sql describes them under benchmarks.

/** The columns of benchmarks and of benchmark_count_deltas that add up to a fingerprint. */
const columns = ["named_samples", "ids_hash", "inputs_hash"] as const;

export const fingerprintColumns = sql.fragment`${sql.join(
  columns.map((name) => fragmentOf(name)),
  sql.fragment`, `,
)}`;

const idHash = (e: Fragment) => sql.fragment`hashtextextended(${e}.sample_id, 0)`;

/** The hash of an evaluation's sample id, input and expected answer; null without a sample id. */
export const inputHash = (e: Fragment) => sql.fragment`
  hashtextextended(coalesce(${e}.expected, ''), hashtextextended(${e}.input, ${idHash(e)}))`;

const table = sql.fragment`evaluations`;

/** What stands in `returning`, so that `fingerprintSums` can add up what was written or deleted. */
export const returnedHashes = sql.fragment`
  case when repetition = 0 then ${idHash(table)} end as id_hash,
  case when repetition = 0 then ${inputHash(table)} end as input_hash`;

/**
 * The `fingerprintColumns` of rows with `returnedHashes`.
 * @param sign -1: they were deleted
 */
export function fingerprintSums(sign: 1 | -1 = 1): Fragment {
  const factor = fragmentOf(String(sign));
  return sql.fragment`
    ${factor} * count(id_hash) as named_samples, ${factor} * coalesce(sum(id_hash), 0) as ids_hash,
    ${factor} * coalesce(sum(input_hash), 0) as inputs_hash`;
}

/** The sums of the fingerprints of deltas. */
export const addedFingerprints = sql.fragment`${sql.join(
  columns.map((name) => sql.fragment`coalesce(sum(${fragmentOf(name)}), 0) as ${fragmentOf(name)}`),
  sql.fragment`, `,
)}`;

/** Moves the fingerprint of benchmark `b` by `addedFingerprints`, as assignments. */
export const movedFingerprint = (added: Fragment) =>
  sql.fragment`${sql.join(
    columns.map(
      (name) => sql.fragment`${fragmentOf(name)} = b.${fragmentOf(name)} + ${added}.${fragmentOf(name)}`,
    ),
    sql.fragment`, `,
  )}`;

/** What `benchmarkFingerprint` joins: the deltas of benchmark `b`. */
export const fingerprintDeltas = sql.fragment`
  cross join lateral (
    select ${addedFingerprints} from benchmark_count_deltas d where d.benchmark_id = b.id
  ) added`;

/** The columns of the fingerprint of benchmark `b`. */
export const benchmarkFingerprint = sql.fragment`
  (b.named_samples + added.named_samples)::bigint as named_samples,
  (b.ids_hash + added.ids_hash)::text as ids_hash, (b.inputs_hash + added.inputs_hash)::text as inputs_hash`;

export const fingerprintRow = { namedSamples: z.number(), idsHash: z.string(), inputsHash: z.string() };
