import { expect } from "vitest";
import type { Database } from "../../src/storage.ts";

// Benchmarks for the console's pages, with ids that tests can write into addresses.

export const plain = "11111111-1111-4111-8111-111111111111";
export const sampleOf = (index: number) => `22222222-2222-4222-8222-${String(index).padStart(12, "0")}`;
export const count = 240;

type Given = Parameters<Database["evaluations"]["createMany"]>[0];

async function store(db: Database, evaluations: Given): Promise<void> {
  const results = await db.evaluations.createMany(evaluations);
  expect(results.filter(({ outcome }) => outcome !== "created")).toEqual([]);
}

/** A running benchmark with samples, some of which have failed. */
export async function seedBenchmark(db: Database): Promise<void> {
  await db.benchmarks.create({
    id: plain,
    name: "gsm-6b, nightly",
    provider: "openai",
    model: "gpt-6b",
    dataset: "grade-school-math",
    totalIterations: 500,
    labels: { branch: "main" },
    metadata: { commit: "87b9c96" },
  });
  await db.benchmarks.update(plain, { status: "running" });
  const subjects = ["algebra", "geometry", "sums"];
  await store(
    db,
    Array.from({ length: count }, (_, index) => ({
      id: sampleOf(index),
      benchmarkId: plain,
      sampleId: `q${index}`,
      input: `What is ${index} times two?\nThink.`,
      output: index % 40 === 7 ? undefined : `It is **${index * 2}** apples, as $2 \\cdot ${index}$ says.`,
      expected: `It is ${index * 2} pears, as two times ${index} says.`,
      error: index % 40 === 7 ? "RateLimitError: too many requests" : undefined,
      score: index % 40 === 7 ? undefined : (index % 20) / 20,
      latencyMs: 300 + (index % 80),
      inputTokens: 12,
      outputTokens: 9,
      costUsd: 0.00012,
      metrics: { fluent: index % 3 === 0 },
      metadata: { subject: subjects[index % 3] ?? "" },
    })),
  );
}

export const hostile = "33333333-3333-4333-8333-333333333333";
export const hostileSamples = {
  markup: "44444444-4444-4444-8444-444444444441",
  conversation: "44444444-4444-4444-8444-444444444442",
  long: "44444444-4444-4444-8444-444444444443",
  nested: "44444444-4444-4444-8444-444444444444",
};

const markup = [
  "# Title <script>window.ran = 1</script>",
  "[here](javascript:window.ran=2) [there](https://elsewhere.example/a) <b onclick='window.ran=3'>bold</b>",
  "![pixel](https://elsewhere.example/p.png) <img src=https://elsewhere.example/q.png onerror='window.ran=4'>",
  "![inline](data:image/svg+xml;base64,PHN2Zy8+) <style>body{display:none}</style>",
  "It costs $5 and $6. \\(\\alpha + x^2\\) and $\\href{javascript:window.ran=5}{y}$ and $\\frac{broken$",
  "$$\\pmb{x} = \\fcolorbox{red}{blue}{y} \\htmlStyle{color:red}{z} \\rule{9999em}{9999em}$$",
  "$$\\def\\a{\\a\\a}\\a$$",
  "| a | b |\n|---|---|\n| \u202Ereversed | 2 |",
  "- [x] done\n\nNote[^1]\n\n[^1]: below",
].join("\n\n");

/** A benchmark whose every text tries something. */
export async function seedHostile(db: Database): Promise<void> {
  await db.benchmarks.create({
    id: hostile,
    name: `<img src=x onerror="window.ran=6">\u202E${"w".repeat(200)}`,
    description: "<script>window.ran=7</script>",
    provider: '"><script>window.ran=8</script>',
    model: "\u202Egnp.exe\u202D",
    dataset: "javascript:window.ran=9",
    labels: { "<i>": "\u202E", long: "v".repeat(250) },
    metadata: { "</script><script>window.ran=10</script>": "x".repeat(20_000) },
  });
  const shared = { benchmarkId: hostile, metadata: { "\u202E": ["<svg onload=window.ran=11>"] } };
  const mostBytes = 2 * 1024 * 1024;
  const turns = [
    { role: "system<b>", content: "\u202Ebe <b>good</b>" },
    { role: "user", content: [{ type: "image_url", image_url: { url: "https://elsewhere.example/i.png" } }] },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ function: { name: "<i>look", arguments: '{"q":1}' } }],
    },
    { role: "tool", content: "w".repeat(5_000) },
  ];
  await store(db, [
    {
      ...shared,
      id: hostileSamples.markup,
      sampleId: "<script>window.ran=12</script>\u202E",
      input: markup,
      output: markup,
      expected: markup.replace("Title", "Heading"),
      score: 0.5,
      metrics: { "</script>": true },
    },
    {
      ...shared,
      id: hostileSamples.conversation,
      input: JSON.stringify(turns),
      output: '{"n": 12345678901234567890}',
      error: "<svg onload=window.ran=13>",
      latencyMs: 1e12,
    },
    {
      ...shared,
      id: hostileSamples.nested,
      sampleId: "s".repeat(255),
      input: ">".repeat(40_000),
      output: "[".repeat(40_000),
      expected: "**a ".repeat(10_000),
      score: -1e150,
    },
  ]);
  await db.evaluations.create({
    ...shared,
    id: hostileSamples.long,
    input: "y".repeat(mostBytes - 1),
    output: "ab ".repeat(500_000),
    expected: "cd ".repeat(50_000),
    score: 1e150,
  });
}
