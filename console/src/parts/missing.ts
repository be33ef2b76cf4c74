import { Missing } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { Search } from "../data/search.ts";
import { enumOf, numeric, one } from "../data/useSearchState.ts";
import { optionOf } from "./copy-as/words.ts";

/** What stands for samples without a value, as the address has it, with the ends of what a value can be. */
export function missingOf(search: Search): { missing: Missing; rangeLow?: number; rangeHigh?: number } {
  const missing = enumOf(Missing, one(search.missing));
  if (missing === Missing.UNSPECIFIED) return { missing };
  const [rangeLow, rangeHigh] = [numeric(search.low), numeric(search.high)];
  return {
    missing,
    ...(rangeLow !== undefined && { rangeLow }),
    ...(rangeHigh !== undefined && { rangeHigh }),
  };
}

/** The options of `ltb` that say the same. */
export function missingOptions(search: Search) {
  const { missing, rangeLow, rangeHigh } = missingOf(search);
  const isOpen = rangeLow === undefined && rangeHigh === undefined;
  return {
    missing: optionOf(Missing, missing),
    range: isOpen ? undefined : `${rangeLow ?? ""}:${rangeHigh ?? ""}`,
  };
}
