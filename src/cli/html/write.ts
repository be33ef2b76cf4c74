import type { Benchmark, LeaderboardEntry } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type {
  CompareBenchmarksResponse,
  GetBenchmarkSummaryResponse,
} from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationView } from "../../../gen/ltb/v1/evaluation_pb.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { note } from "../shared/output.ts";
import { readEvaluations } from "../transfer/read-evaluations.ts";
import { writeToFile } from "../transfer/write-text.ts";
import { comparePage } from "./compare-page.ts";
import { leaderboardPage } from "./leaderboard-page.ts";
import { summaryPage } from "./summary-page.ts";

/** Writes the page of a summary; its histograms read every evaluation, without the texts. */
export async function writeSummary(
  path: string,
  client: BenchmarkClient,
  benchmark: Benchmark,
  summary: GetBenchmarkSummaryResponse,
): Promise<void> {
  const evaluations = readEvaluations(client, benchmark.id, EvaluationView.BASIC);
  await write(path, await summaryPage(benchmark, summary, evaluations));
}

/** Writes the page of a leaderboard. */
export async function writeLeaderboard(
  path: string,
  about: { dataset: string; metric: string; total: number; lowerIsBetter?: boolean },
  entries: readonly LeaderboardEntry[],
): Promise<void> {
  await write(path, await leaderboardPage(about, entries));
}

/** Writes the page of a comparison, with the texts of the samples that changed most. */
export async function writeComparison(
  path: string,
  client: BenchmarkClient,
  given: {
    names: ReadonlyMap<string, string>;
    response: CompareBenchmarksResponse;
    verdicts: readonly string[];
    options: { metric: string; lowerIsBetter?: boolean; samples: number };
  },
): Promise<void> {
  const { names, response, verdicts, options } = given;
  const { metric } = response;
  const benchmarks = [];
  for (const [id, name] of names) {
    const { metrics } = await client.getBenchmarkSummary({ benchmarkId: id, metrics: [metric] });
    const evaluations = readEvaluations(client, id, EvaluationView.BASIC);
    benchmarks.push({ id, name, summary: metrics[0], evaluations });
  }
  const evaluation = async (id: string, benchmarkId: string) =>
    (await client.getEvaluation({ id, benchmarkId })).evaluation;
  const page = await comparePage({
    metric,
    lowerIsBetter: options.lowerIsBetter ?? false,
    benchmarks,
    candidates: response.comparisons.map((comparison, index) => ({
      name: names.get(comparison.candidateId) ?? comparison.candidateId,
      comparison,
      verdict: verdicts[index] ?? "",
    })),
    samples: options.samples,
    textsOf: async ({ baselineEvaluationId, candidateEvaluationId }, { candidateId }) => {
      const [baseline, candidate] = await Promise.all([
        evaluation(baselineEvaluationId, response.baselineId),
        evaluation(candidateEvaluationId, candidateId),
      ]);
      return {
        input: candidate?.input ?? "",
        expected: candidate?.expected,
        baseline: baseline?.output ?? baseline?.error,
        candidate: candidate?.output ?? candidate?.error,
      };
    },
  });
  await write(path, page);
}

async function write(path: string, page: string): Promise<void> {
  async function* pieces() {
    yield page;
  }
  await writeToFile(path, pieces());
  note(`wrote ${path}`);
}
