import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type Random, seededRandom } from "../harness/random.ts";
import { Cluster, type Victim } from "./cluster.ts";

// LTB_KILLS=100 goes on for longer, and prints what it found.
const kills = Number(process.env.LTB_KILLS ?? 10);
const isLong = process.env.LTB_KILLS !== undefined;

/** What is killed in each round of ten, in any order. */
const round: readonly Victim[] = [
  "worker",
  "worker",
  "worker",
  "server",
  "server",
  "connections",
  "connections",
  "PostgreSQL",
  "backend",
  "postmaster",
];

function victims(random: Random, count: number): Victim[] {
  const rounds = Array.from({ length: Math.ceil(count / round.length) }, () => random.shuffle(round));
  return rounds.flat().slice(0, count);
}

test(
  `${kills} kills lose nothing and let nothing happen twice`,
  async () => {
    const random = seededRandom();
    const cluster = await Cluster.start(random);
    onTestFinished(() => cluster.stop());
    const startedAt = performance.now();
    for (const victim of victims(random, kills)) {
      await sleep(random() * 400);
      await cluster.kill(victim, random);
    }
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const { wrong, figures } = await cluster.finish({ hurry: !isLong });
    const recoveries = cluster.recoveries.map(Math.round).sort((a, b) => a - b);
    if (isLong) console.log(JSON.stringify({ kills, seconds, ...figures, recoveries }));
    expect(wrong).toEqual([]);
    expect(figures.completed).toBeGreaterThan(20);
    expect(figures.completedByRuntime).toBeGreaterThan(20);
    expect(recoveries.length).toBeGreaterThan(0);
    // In a normal run other tests want the processors too.
    expect(recoveries.at(-1)).toBeLessThan(isLong ? 2_000 : 8_000);
  },
  180_000 + kills * 5_000,
);
