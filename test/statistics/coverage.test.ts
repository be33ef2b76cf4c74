import { expect, test } from "vitest";
import { reduceGroups, type SampleGroup } from "../../src/evaluations/samples/reduce.ts";
import { meanFigures } from "../../src/statistics/mean-interval.ts";
import { type Random, randomOf } from "../harness/random.ts";

interface Drawn {
  truth: number;
  /** So many samples have so many successes. */
  bySuccesses: number[];
  repetitions: number;
}

/**
 * Draws a benchmark whose repetitions agree more than chance has it. Each sample has a probability of its
 * own: a weighted mean of the true one and of 0 or 1.
 */
function draw(random: Random): Drawn {
  const truth = 0.2 + 0.6 * random();
  const weight = random();
  const repetitions = 1 + random.below(8);
  const bySuccesses = new Array<number>(repetitions + 1).fill(0);
  for (let sample = 50 + random.below(100); sample > 0; sample--) {
    const probability = weight * Number(random() < truth) + (1 - weight) * truth;
    let successes = 0;
    for (let n = 0; n < repetitions; n++) if (random() < probability) successes++;
    bySuccesses[successes] = (bySuccesses[successes] ?? 0) + 1;
  }
  return { truth, bySuccesses, repetitions };
}

function covers(truth: number, moments: Parameters<typeof meanFigures>[0]): boolean {
  const { interval } = meanFigures(moments, { areShares: true });
  return interval !== undefined && interval.low <= truth && truth <= interval.high;
}

test("95 % intervals over samples cover the truth in 94 to 96 % of 20,000 benchmarks, those over evaluations do not", () => {
  const random = randomOf(20_240_320);
  const count = 20_000;
  let [overSamples, overEvaluations] = [0, 0];
  for (let n = 0; n < count; n++) {
    const { truth, bySuccesses, repetitions: tries } = draw(random);
    const groups = bySuccesses.flatMap((samples, successes): SampleGroup[] =>
      samples > 0 ? [{ tries, successes, samples, alike: 0, fractional: 0, failed: 0, mean: 0, m2: 0 }] : [],
    );
    if (covers(truth, reduceGroups(groups, { reducer: "mean", k: 0 }).moments)) overSamples++;
    const samples = bySuccesses.reduce((a, b) => a + b, 0);
    const ones = bySuccesses.reduce((total, each, successes) => total + each * successes, 0);
    const evaluations = samples * tries;
    if (covers(truth, { count: evaluations, sum: ones, m2: ones * (1 - ones / evaluations) }))
      overEvaluations++;
  }
  expect(overSamples / count).toBeGreaterThan(0.94);
  expect(overSamples / count).toBeLessThan(0.96);
  // As if each repetition were evidence of its own.
  expect(overEvaluations / count).toBeLessThan(0.85);
});
