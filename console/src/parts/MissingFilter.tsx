import { Missing } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { useSearchState } from "../data/useSearchState.ts";
import { ChoiceFilter, TextFilter } from "./Filter.tsx";
import { missingOf } from "./missing.ts";

/** What stands for samples without a value, and the ends of the metric, where they are not known. */
export function MissingFilter() {
  const [search] = useSearchState();
  return (
    <>
      <ChoiceFilter name="missing" label="Samples without a value" options={missings} />
      {missingOf(search).missing !== Missing.UNSPECIFIED && (
        <>
          <TextFilter name="low" label="Least value possible" type="number" />
          <TextFilter name="high" label="Greatest value possible" type="number" />
        </>
      )}
    </>
  );
}

const missings = [
  ["", "left out"],
  ["AS_WORST", "as the worst"],
  ["BOUNDS", "as bounds"],
] as const;
