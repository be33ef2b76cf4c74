import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { JobField } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { ChoiceFilter, TextFilter } from "../../parts/Filter.tsx";
import { type JobFilters, mayEnd, mayOrder } from "./filters.ts";

/** What the list is narrowed by. */
export function Filters({ filters }: { filters: JobFilters }) {
  const [search, change] = useSearchState();
  const names = ["type", "worker", "benchmark", "limit_key", "ended_after"] as const;
  const given = names.some((name) => one(search[name]) !== "");
  return (
    <search className="filters">
      <TextFilter name="type" label="Type" suggestions={useValues(JobField.JOB_TYPE, filters.jobType)} />
      <TextFilter name="worker" label="Worker" />
      <TextFilter name="benchmark" label="Benchmark (id)" />
      <TextFilter
        name="limit_key"
        label="Limit key"
        suggestions={useValues(JobField.LIMIT_KEY, filters.limitKey)}
      />
      {mayEnd(filters.status) && (
        <label>
          Ended since
          <input
            type="datetime-local"
            value={filters.endedAfter ? localTime(timestampDate(filters.endedAfter)) : ""}
            onChange={({ target: { value } }) =>
              change({ ended_after: value === "" ? undefined : new Date(value).toISOString() })
            }
          />
        </label>
      )}
      {mayOrder(filters) && (
        <ChoiceFilter
          name="order"
          label="Order"
          options={[
            ["", "newest first"],
            ["priority", "next to be claimed"],
          ]}
        />
      )}
      {given && (
        <button
          type="button"
          onClick={() => change(Object.fromEntries(names.map((name) => [name, undefined])))}
        >
          Clear
        </button>
      )}
    </search>
  );
}

/** A time as the field of the browser takes it: that of the reader's clock, to the minute. */
function localTime(time: Date): string {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function useValues(field: JobField, prefix: string): readonly string[] {
  const known = useQuery(
    JobService.method.listJobFieldValues,
    { field, prefix, limit: 20 },
    { staleTime: 30_000, placeholderData: (before) => before },
  );
  return known.data?.values ?? [];
}
