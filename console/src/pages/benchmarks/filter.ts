import type { MessageInitShape } from "@bufbuild/protobuf";
import { BenchmarkStatus } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type { ListBenchmarksRequestSchema } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { Search } from "../../data/search.ts";
import { all, one } from "../../data/useSearchState.ts";
import { ltbWords } from "../../parts/copy-as/words.ts";

/** The words of a status in the page's address. */
export const statuses: ReadonlyMap<string, BenchmarkStatus> = new Map([
  ["pending", BenchmarkStatus.PENDING],
  ["running", BenchmarkStatus.RUNNING],
  ["completed", BenchmarkStatus.COMPLETED],
  ["failed", BenchmarkStatus.FAILED],
  ["cancelled", BenchmarkStatus.CANCELLED],
]);

/** The list that the page's address asks for. */
export function listOf(search: Search): MessageInitShape<typeof ListBenchmarksRequestSchema> {
  return {
    status: statuses.get(one(search.status)) ?? BenchmarkStatus.UNSPECIFIED,
    provider: one(search.provider),
    model: one(search.model),
    dataset: one(search.dataset),
    nameContains: one(search.name),
    labels: Object.fromEntries(all(search.label).map(partsOf)),
  };
}

/** The words of `ltb` that ask for the same list. */
export function commandOf(search: Search): string[] {
  const { provider, model, dataset, nameContains, labels = {} } = listOf(search);
  const status = one(search.status);
  return ltbWords("benchmark list", {
    status: statuses.has(status) && status,
    ...{ provider, model, dataset, search: nameContains },
    label: Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  });
}

function partsOf(label: string): [string, string] {
  const at = label.indexOf("=");
  return at < 0 ? [label, ""] : [label.slice(0, at), label.slice(at + 1)];
}
