import { all, one, useSearchState } from "../../data/useSearchState.ts";
import { ChoiceFilter, TextFilter } from "../../parts/Filter.tsx";

export function Filters() {
  const [search, change] = useSearchState();
  const metadata = all(search.meta);
  const failed = one(search.failed) !== "" || one(search.error) !== "";
  const metric = one(search.metric) || "score";
  return (
    <search className="filters" aria-label="Filters">
      <TextFilter name="sample" label="Sample id" />
      <ChoiceFilter
        name="failed"
        label="Outcome"
        options={[
          ["", "any"],
          ["1", "failed"],
        ]}
      />
      <TextFilter name="error" label="Part of the error" />
      <TextFilter name="metric" label="Metric (score)" />
      <TextFilter name="min" label={`From ${metric}`} type="number" />
      <TextFilter name="max" label={`To ${metric}`} type="number" />
      <TextFilter name="text" label="Words in input and output" />
      <ChoiceFilter
        name="order"
        // The service orders no failures by score.
        label={failed ? "Order (by time, of failures)" : "Order"}
        options={[
          ["", "newest first"],
          ["oldest", "oldest first"],
          ...(failed
            ? []
            : ([
                ["highest", `highest ${metric} first`],
                ["lowest", `lowest ${metric} first`],
              ] as const)),
        ]}
      />
      {metadata.map((filter) => (
        <button
          key={filter}
          type="button"
          aria-label={`Remove the filter by metadata ${filter}`}
          onClick={() => change({ meta: metadata.filter((other) => other !== filter) })}
        >
          <bdi>{filter}</bdi> ✕
        </button>
      ))}
    </search>
  );
}
