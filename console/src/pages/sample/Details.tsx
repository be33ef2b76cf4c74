import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { Facts } from "../../parts/Facts.tsx";
import { count, figure, lasting, measure } from "../../parts/format.ts";
import { Time } from "../../parts/Time.tsx";
import { JsonSection } from "../../parts/texts/JsonSection.tsx";
import { Text } from "../../parts/texts/Text.tsx";

/** How a sample was judged, and what it took. */
export function Details({ evaluation }: { evaluation: Evaluation }) {
  const { metricsJson, metadataJson, error } = evaluation;
  const metrics: Record<string, unknown> = JSON.parse(metricsJson || "{}");
  const own = Object.entries(metrics).map(
    ([name, value]) => [name, typeof value === "number" ? figure(value) : said(value)] as const,
  );
  return (
    <>
      {error !== "" && (
        <section className="panel">
          <h2>Error</h2>
          <Text text={error} label="Error" />
        </section>
      )}
      <h2>Figures</h2>
      <div className="overview">
        <Facts
          rows={[
            ["Score", evaluation.score === undefined ? "none" : figure(evaluation.score)],
            ["Latency", evaluation.latencyMs !== undefined && lasting(evaluation.latencyMs)],
            ["Tokens read", evaluation.inputTokens !== undefined && count(evaluation.inputTokens)],
            ["Tokens written", evaluation.outputTokens !== undefined && count(evaluation.outputTokens)],
            ["Cost", evaluation.costUsd !== undefined && measure("cost_usd", evaluation.costUsd)],
          ]}
        />
        {own.length > 0 && <Facts rows={own} />}
        <Facts
          rows={[
            ["Model", <bdi key="model">{evaluation.model}</bdi>],
            ["Provider", <bdi key="provider">{evaluation.provider}</bdi>],
            ["Sample", evaluation.sampleId && <bdi>{evaluation.sampleId}</bdi>],
            ["Repetition", <Repetition key="repetition" {...evaluation} />],
            ["Evaluated", <Time key="created" at={evaluation.createdAt} />],
            ["Changed", <Time key="updated" at={evaluation.updatedAt} />],
            ["Id", <code key="id">{evaluation.id}</code>],
            [
              "Lasting link",
              evaluation.sampleId && (
                <a href={lastingHref(evaluation)} title="Leads here when the sample is stored anew, too">
                  by sample and repetition
                </a>
              ),
            ],
          ]}
        />
      </div>
      <JsonSection title="Metadata" text={metadataJson} />
    </>
  );
}

function Repetition({ benchmarkId, sampleId, repetition }: Evaluation) {
  return (
    <>
      {repetition}
      {sampleId && (
        <>
          {" · "}
          <a href={hrefOf(`/benchmarks/${benchmarkId}/samples`, { sample: sampleId })}>all of the sample</a>
        </>
      )}
    </>
  );
}

/** An address that does not have the evaluation's id, which is another when the sample is stored anew. */
function lastingHref({ benchmarkId, sampleId, repetition }: Evaluation): string {
  return hrefOf(`/s/${benchmarkId}/${encodeURIComponent(sampleId)}/${repetition}`);
}

const said = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
