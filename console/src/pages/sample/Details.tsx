import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { Facts } from "../../parts/Facts.tsx";
import { count, figure, lasting, measure } from "../../parts/format.ts";
import { Time } from "../../parts/Time.tsx";
import { JsonSection } from "../../parts/texts/JsonSection.tsx";
import type { HrefOf } from "../../parts/texts/JsonTree.tsx";
import { Text } from "../../parts/texts/Text.tsx";
import { filterOf } from "../samples/metadata.ts";
import { Ranked } from "./Ranked.tsx";

/** So many metrics of the benchmark's own are placed among its samples; each is asked for. */
const mostRanked = 8;

/** How a sample was judged, and what it took. */
export function Details({ evaluation }: { evaluation: Evaluation }) {
  const { metricsJson, metadataJson, error } = evaluation;
  const metrics: Record<string, unknown> = JSON.parse(metricsJson || "{}");
  const ranked = (metric: string, value: number | undefined, written: string) =>
    value !== undefined && (
      <Ranked {...{ metric, value }} benchmarkId={evaluation.benchmarkId}>
        {written}
      </Ranked>
    );
  const own = Object.entries(metrics).map(([name, value], index) => {
    if (typeof value !== "number") return [name, said(value)] as const;
    return [name, index < mostRanked ? ranked(name, value, figure(value)) : figure(value)] as const;
  });
  const { score, latencyMs, inputTokens, outputTokens, costUsd } = evaluation;
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
            ["Score", score === undefined ? "none" : ranked("score", score, figure(score))],
            ["Latency", ranked("latency_ms", latencyMs, lasting(latencyMs))],
            ["Tokens read", ranked("input_tokens", inputTokens, count(inputTokens ?? 0))],
            ["Tokens written", ranked("output_tokens", outputTokens, count(outputTokens ?? 0))],
            ["Cost", ranked("cost_usd", costUsd, measure("cost_usd", costUsd))],
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
      <JsonSection title="Metadata" text={metadataJson} hrefOf={samplesLike(evaluation.benchmarkId)} />
    </>
  );
}

/** Where a value of the metadata leads: to all samples of the benchmark that have it. */
const samplesLike =
  (benchmarkId: string): HrefOf =>
  (path, value) => {
    const meta = filterOf(path, value);
    return meta === undefined ? undefined : hrefOf(`/benchmarks/${benchmarkId}/samples`, { meta });
  };

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
