import { useQuery } from "@connectrpc/connect-query";
import { BenchmarkField } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { all, one, useSearchState } from "../../data/useSearchState.ts";
import { ChoiceFilter, TextFilter } from "../../parts/Filter.tsx";
import { statuses } from "./filter.ts";

export function Filters() {
  const [search, change] = useSearchState();
  const labels = all(search.label);
  return (
    <search className="filters" aria-label="Filters">
      <ChoiceFilter
        name="status"
        label="Status"
        options={[["", "any"], ...[...statuses.keys()].map((word) => [word, word] as const)]}
      />
      <TextFilter name="name" label="Part of the name" />
      <SuggestingFilter name="provider" label="Provider" field={BenchmarkField.PROVIDER} />
      <SuggestingFilter name="model" label="Model" field={BenchmarkField.MODEL} />
      <SuggestingFilter name="dataset" label="Dataset" field={BenchmarkField.DATASET} />
      {labels.map((label) => (
        <button
          key={label}
          type="button"
          aria-label={`Remove the filter by label ${label}`}
          onClick={() => change({ label: labels.filter((other) => other !== label) })}
        >
          {label} ✕
        </button>
      ))}
    </search>
  );
}

function SuggestingFilter({ name, label, field }: { name: string; label: string; field: BenchmarkField }) {
  const [search] = useSearchState();
  const { data } = useQuery(
    BenchmarkService.method.listBenchmarkFieldValues,
    { field, prefix: one(search[name]), limit: 50 },
    { staleTime: 30_000, placeholderData: (before) => before },
  );
  return <TextFilter name={name} label={label} suggestions={data?.values} />;
}
