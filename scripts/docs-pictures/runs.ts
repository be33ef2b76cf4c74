import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import type { NewEvaluationSchema } from "../../gen/ltb/v1/evaluation_pb.ts";

/** A line of `example_model_solutions.jsonl` of openai/grade-school-math. */
interface Question {
  question: string;
  ground_truth: string;
  [solver: string]: string | { solution: string; is_correct: boolean };
}

/** What is made up of each solver: seconds it thinks for a token, and dollars for a token. */
const solvers = {
  "175b_verification": { model: "gpt-3-175b-verifier", pace: 0.015, price: 0.000_011 },
  "175b_finetuning": { model: "gpt-3-175b", pace: 0.011, price: 0.000_008 },
  "6b_verification": { model: "gpt-3-6b-verifier", pace: 0.006, price: 0.000_002 },
  "6b_finetuning": { model: "gpt-3-6b", pace: 0.004, price: 0.000_001 },
} as const;

type Solver = keyof typeof solvers;

/** One in so many samples fails, as it does where a model is asked over a network. */
const failsOneIn = 180;

/** The ids of the benchmarks that pictures are of. */
export interface Runs {
  baseline: string;
  candidate: string;
}

/** Stores a benchmark for each solver, and one more that is still running. */
export async function fillRuns(client: Client<typeof BenchmarkService>, file: string): Promise<Runs> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  const questions = lines.map((line): Question => JSON.parse(line));
  const store = async (name: string, solver: Solver, share: number) => {
    const { benchmark } = await client.createBenchmark({
      name,
      ...{ provider: "openai", model: solvers[solver].model, dataset: "gsm8k" },
      totalIterations: questions.length,
      labels: { source: "jsonl" },
    });
    const id = benchmark?.id ?? "";
    await client.updateBenchmark({ id, status: BenchmarkStatus.RUNNING });
    const evaluations = questions
      .slice(0, Math.ceil(questions.length * share))
      .map((question, index) => evaluationOf(name, solver, question, index));
    for (let from = 0; from < evaluations.length; from += 500)
      await client.batchCreateEvaluations({
        benchmarkId: id,
        evaluations: evaluations.slice(from, from + 500),
      });
    if (share === 1) await client.updateBenchmark({ id, status: BenchmarkStatus.COMPLETED });
    return id;
  };
  await store("gsm8k-6b-finetuned", "6b_finetuning", 1);
  await store("gsm8k-6b-verification", "6b_verification", 1);
  const baseline = await store("gsm8k-175b-finetuned", "175b_finetuning", 1);
  const candidate = await store("gsm8k-175b-verification", "175b_verification", 1);
  await store("gsm8k-175b-verification-again", "175b_verification", 0.64);
  return { baseline, candidate };
}

function evaluationOf(
  run: string,
  solver: Solver,
  { question, ground_truth: expected, [solver]: solved }: Question,
  index: number,
): MessageInitShape<typeof NewEvaluationSchema> {
  if (typeof solved !== "object") throw new Error(`line ${index + 1} has no solution of ${solver}`);
  const drawn = (what: string) => fractionOf(`${run}/${index}/${what}`);
  const { model, pace, price } = solvers[solver];
  const calculations = expected.split("<<").length - 1;
  const sample = {
    sampleId: `gsm8k-${String(index + 1).padStart(4, "0")}`,
    ...{ provider: "openai", model, input: question, expected },
    metadata: { calculations },
  };
  if (drawn("fails") < 1 / failsOneIn)
    return { ...sample, error: "upstream answered 529: overloaded", latencyMs: 60_000 };
  const inputTokens = Math.round(question.length / 4);
  const outputTokens = Math.round(solved.solution.length / 3);
  return {
    ...sample,
    output: solved.solution,
    score: solved.is_correct ? 1 : 0,
    metrics: { steps: solved.solution.split("\n").length },
    latencyMs: Math.round((200 + outputTokens * pace * 1_000) * (0.7 + 0.6 * drawn("pace"))),
    inputTokens,
    outputTokens,
    costUsd: (inputTokens / 4 + outputTokens) * price,
  };
}

/** A number from 0 on and below 1, the same for the same text. */
function fractionOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32LE() / 2 ** 32;
}
