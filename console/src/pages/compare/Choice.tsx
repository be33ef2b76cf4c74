import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { isUuid } from "../../data/isUuid.ts";
import { all, one, useSearchState } from "../../data/useSearchState.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";

/** Which benchmarks are compared: the baseline first, and a field to add another. */
export function Choice({ nameOf }: { nameOf: (id: string) => string }) {
  const [search, change] = useSearchState();
  const baseline = one(search.baseline);
  const candidates = all(search.with);
  const add = (id: string) =>
    change(baseline === "" ? { baseline: id } : { with: [...candidates, id] }, { push: true });
  return (
    <div className="choice-of-benchmarks">
      {baseline !== "" && (
        <p>
          <span className="soft">Baseline </span>
          <BenchmarkLink id={baseline}>
            <bdi>{nameOf(baseline)}</bdi>
          </BenchmarkLink>
        </p>
      )}
      {candidates.length > 0 && (
        <ul>
          {candidates.map((id) => (
            <li key={id}>
              <BenchmarkLink id={id}>
                <bdi>{nameOf(id)}</bdi>
              </BenchmarkLink>{" "}
              <button
                type="button"
                onClick={() =>
                  change(
                    { baseline: id, with: [baseline, ...candidates.filter((each) => each !== id)] },
                    { push: true },
                  )
                }
              >
                make it the baseline
              </button>{" "}
              <button
                type="button"
                aria-label={`leave out ${nameOf(id)}`}
                onClick={() => change({ with: candidates.filter((each) => each !== id) }, { push: true })}
              >
                leave out
              </button>
            </li>
          ))}
        </ul>
      )}
      {candidates.length < 20 && <Finder taken={[baseline, ...candidates]} onFound={add} />}
    </div>
  );
}

/** Finds a benchmark by a part of its name, newest first, or takes its id. */
function Finder({ taken, onFound }: { taken: readonly string[]; onFound: (id: string) => void }) {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const latest = useQuery(
    BenchmarkService.method.listBenchmarks,
    // More than are shown, as those that are compared already are left out.
    { pageSize: 30, nameContains: wanted },
    { enabled: isOpen, placeholderData: keepPreviousData, staleTime: 30_000 },
  );
  const found = (latest.data?.benchmarks ?? []).filter(({ id }) => !taken.includes(id)).slice(0, 8);
  const isId = isUuid(wanted) && found.length === 0;
  return (
    <details className="finder" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Add a benchmark</summary>
      <label>
        Name or id <input type="search" value={text} onChange={({ target }) => setText(target.value)} />
      </label>
      <ul>
        {found.map(({ id, name, model, dataset }) => (
          <li key={id}>
            <button type="button" onClick={() => onFound(id)}>
              <bdi>{name}</bdi>
            </button>{" "}
            <span className="soft">
              <bdi>{model}</bdi>, <bdi>{dataset}</bdi>
            </span>
          </li>
        ))}
        {isId && (
          <li>
            <button type="button" onClick={() => onFound(wanted)}>
              {wanted}
            </button>
          </li>
        )}
      </ul>
      {!isId && found.length === 0 && latest.data && (
        <p className="soft">No other benchmark has this in its name.</p>
      )}
    </details>
  );
}
