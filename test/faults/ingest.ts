import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { EvaluationOutcome } from "../../gen/ltb/v1/evaluation_pb.ts";
import { newId } from "../../src/ids.ts";
import { Caller } from "./caller.ts";
import { clients } from "./server.ts";

type Row = ReturnType<typeof evaluation>;

/**
 * Evaluations being written one by one, in batches and in streams, with a note of those that were
 * acknowledged.
 */
export class RunningIngest {
  readonly #benchmarks: ReturnType<typeof clients>["benchmarks"];
  readonly #benchmarkId: string;
  readonly #caller = new Caller();
  readonly #acknowledged = new Set<string>();
  #going = true;
  readonly #loops: Promise<void>[];

  constructor(address: string, benchmarkId: string) {
    this.#benchmarks = clients(address).benchmarks;
    this.#benchmarkId = benchmarkId;
    this.#loops = [
      this.#loop(1, (rows) => this.#one(rows)),
      this.#loop(10, (rows) => this.#batch(rows)),
      this.#loop(100, (rows) => this.#stream(rows)),
    ];
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Writes no more, and tells what has gone wrong. */
  async finish(pool: Pool): Promise<string[]> {
    this.#going = false;
    await Promise.all(this.#loops);
    const { rows } = await pool.query<{ id: string }>(
      "select sample_id as id from unnest($2::text[]) as s (sample_id) except select sample_id from evaluations where benchmark_id = $1",
      [this.#benchmarkId, [...this.#acknowledged]],
    );
    return [...this.#caller.wrong, ...rows.map(({ id }) => `the evaluation of ${id} is gone`)];
  }

  async #loop(size: number, write: (rows: Row[]) => Promise<boolean>) {
    while (this.#going) {
      const rows = Array.from({ length: size }, evaluation);
      const going = () => this.#going;
      // The same again until it is answered: a sample is stored once.
      if (await this.#caller.insist(() => write(rows), going))
        for (const { sampleId } of rows) this.#acknowledged.add(sampleId);
      await sleep(100);
    }
  }

  async #one([row]: readonly Row[]): Promise<boolean> {
    await this.#benchmarks.createEvaluation({ ...row, benchmarkId: this.#benchmarkId });
    return true;
  }

  async #batch(evaluations: Row[]): Promise<boolean> {
    const { results } = await this.#benchmarks.batchCreateEvaluations({
      benchmarkId: this.#benchmarkId,
      evaluations,
    });
    const refused = results.filter(
      ({ outcome }) => outcome !== EvaluationOutcome.CREATED && outcome !== EvaluationOutcome.DUPLICATE,
    );
    this.#caller.wrong.push(
      ...refused.map(({ index, outcome, reason }) => `row ${index} has outcome ${outcome}: ${reason}`),
    );
    return refused.length === 0;
  }

  async #stream(evaluations: Row[]): Promise<boolean> {
    const benchmarkId = this.#benchmarkId;
    async function* messages() {
      for (let at = 0; at < evaluations.length; at += 50)
        yield { benchmarkId, evaluations: evaluations.slice(at, at + 50) };
    }
    const { inserted, duplicates } = await this.#benchmarks.streamEvaluations(messages());
    if (inserted + duplicates === evaluations.length) return true;
    this.#caller.wrong.push(`a stream of ${evaluations.length}: ${inserted} new, ${duplicates} duplicates`);
    return false;
  }
}

let made = 0;

function evaluation() {
  const sampleId = newId();
  const failed = ++made % 10 === 0;
  return failed ? { sampleId, error: "failed" } : { sampleId, input: "2 + 2?", output: "4", score: 1 };
}
