import { useQuery } from "@tanstack/react-query";
import { useParams, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { benchmarkClient } from "../../data/clients.ts";
import { hrefOf } from "../../data/links.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { useTitle } from "../../parts/useTitle.ts";

/** Leads to a sample by its name and repetition, which stay when it is stored anew and has another id. */
export function Page() {
  const { benchmark = "", sample = "", repetition = "" } = useParams({ strict: false });
  useTitle(sample);
  const [search] = useSearchState();
  const { history } = useRouter();
  const query = useQuery({
    queryKey: ["sample", benchmark, sample, repetition],
    queryFn: () => findRepetition(benchmark, sample, repetition),
  });
  const id = query.data;
  useEffect(() => {
    if (id) history.replace(hrefOf(`/benchmarks/${benchmark}/samples/${id}`, search));
  }, [history, benchmark, id, search]);
  return (
    <>
      <h1>
        <bdi>{sample}</bdi>
      </h1>
      <Loaded query={query}>
        {() => id === null && <p>The benchmark has no repetition {repetition} of this sample.</p>}
      </Loaded>
    </>
  );
}

/** The id of the evaluation; null where there is none. */
async function findRepetition(
  benchmarkId: string,
  sampleId: string,
  repetition: string,
): Promise<string | null> {
  for (let pageToken = ""; ; ) {
    const asked = { benchmarkId, sampleId, pageToken, pageSize: 1000, view: EvaluationView.BASIC };
    const { evaluations, nextPageToken } = await benchmarkClient.listEvaluations(asked);
    const found = evaluations.find((each) => String(each.repetition) === repetition);
    if (found) return found.id;
    if (nextPageToken === "") return null;
    pageToken = nextPageToken;
  }
}
