/**
 * An output of promptfoo, written by hand after `OutputFile`, `EvaluateSummaryV3` and `EvaluateResult` of its
 * `src/types/index.ts` (0.121) in the order and with the habits of its writer: two providers with two
 * prompts, three tests. The aggregates are what its evaluator adds up: a row with an error counts in `score`
 * as 0.
 */
const prompts = ["Answer in one word: {{question}}", "You are a geographer.\nQ: {{question}}\nA:"];
const providers = [
  { id: "openai:chat:gpt-4o-mini", label: "" },
  { id: "anthropic:messages:claude-3-5-haiku-20241022", label: "haiku" },
];
const tests = [
  { question: "Capital of France?", answer: "Paris" },
  { question: "Capital of Peru?", answer: "Lima" },
  { question: "Largest ocean?", answer: "Pacific" },
];

interface Outcome {
  output?: string | object;
  error?: string;
  score: number;
  named?: Record<string, number>;
  latencyMs: number;
  cost?: number;
  prompt?: number;
  completion?: number;
}

/** By column: providers outside, prompts inside, as promptfoo numbers them; then by test. */
const outcomes: Outcome[][] = [
  [
    {
      output: "Paris",
      score: 1,
      named: { exact: 1 },
      latencyMs: 300,
      cost: 0.00001,
      prompt: 20,
      completion: 2,
    },
    {
      output: "Lima.",
      score: 0.5,
      named: { exact: 0 },
      latencyMs: 310,
      cost: 0.00002,
      prompt: 21,
      completion: 3,
    },
    {
      output: "The Pacific </td>\u0000",
      score: 1,
      named: { exact: 1 },
      latencyMs: 290,
      cost: 0.00003,
      prompt: 22,
      completion: 4,
    },
  ],
  [
    {
      output: { city: "Paris" },
      score: 1,
      named: { exact: 1 },
      latencyMs: 400,
      cost: 0.00001,
      prompt: 30,
      completion: 5,
    },
    { output: "", score: 0, named: { exact: 0 }, latencyMs: 410, cost: 0, prompt: 31, completion: 0 },
    {
      output: "Pacific",
      score: 0.75,
      named: { exact: 1 },
      latencyMs: 420,
      cost: 0.00001,
      prompt: 32,
      completion: 6,
    },
  ],
  [
    {
      output: "Paris",
      score: 1,
      named: { exact: 1 },
      latencyMs: 500,
      cost: 0.0001,
      prompt: 25,
      completion: 2,
    },
    { error: "API call error: 529 overloaded_error", score: 0, latencyMs: 5000 },
    {
      output: "Pacific",
      score: 1,
      named: { exact: 1 },
      latencyMs: 520,
      cost: 0.0001,
      prompt: 27,
      completion: 3,
    },
  ],
  [
    {
      output: "Paris",
      score: 1,
      named: { exact: 1 },
      latencyMs: 600,
      cost: 0.0002,
      prompt: 35,
      completion: 2,
    },
    {
      output: "Lima",
      score: 1,
      named: { exact: 1 },
      latencyMs: 610,
      cost: 0.0002,
      prompt: 36,
      completion: 2,
    },
    {
      output: "Pacific",
      score: 1,
      named: { exact: 1 },
      latencyMs: 620,
      cost: 0.0002,
      prompt: 37,
      completion: 2,
    },
  ],
];

const aggregates = [
  {
    score: 2.5,
    pass: 2,
    fail: 1,
    error: 0,
    latency: 900,
    prompt: 63,
    completion: 9,
    exact: 2,
    cost: 0.00006,
  },
  {
    score: 1.75,
    pass: 2,
    fail: 1,
    error: 0,
    latency: 1230,
    prompt: 93,
    completion: 11,
    exact: 2,
    cost: 0.00002,
  },
  { score: 2, pass: 2, fail: 0, error: 1, latency: 6020, prompt: 52, completion: 5, exact: 2, cost: 0.0002 },
  { score: 3, pass: 3, fail: 0, error: 0, latency: 1830, prompt: 108, completion: 6, exact: 3, cost: 0.0006 },
];

const usage = (prompt: number, completion: number) => ({
  total: prompt + completion,
  prompt,
  completion,
  cached: 0,
});

function rowOf(promptIdx: number, testIdx: number, outcome: Outcome) {
  const { output, error, score, named, latencyMs, cost, prompt = 0, completion = 0 } = outcome;
  const { question = "", answer = "" } = tests[testIdx] ?? {};
  const template = prompts[promptIdx % 2] ?? "";
  const success = error === undefined && score >= 0.75;
  const assertions = [
    { type: "contains", value: "{{answer}}", metric: "exact" },
    { type: "llm-rubric", value: "Is one word" },
  ];
  const reason = success ? "All assertions passed" : "Expected output to be one word";
  return {
    cost: cost ?? 0,
    ...(error !== undefined ? { error } : !success && { error: reason }),
    ...(error === undefined && {
      gradingResult: {
        pass: success,
        score,
        reason,
        namedScores: named,
        tokensUsed: usage(0, 0),
        componentResults: assertions.map((assertion) => ({ pass: success, score, reason, assertion })),
      },
    }),
    id: `00000000-0000-4000-8000-0000000000${promptIdx}${testIdx}`,
    latencyMs,
    namedScores: named ?? {},
    prompt: { raw: template.replace("{{question}}", question), label: template },
    promptId: `prompt-hash-${promptIdx % 2}`,
    promptIdx,
    provider: providers[promptIdx >> 1],
    ...(error === undefined && {
      response: { output, tokenUsage: usage(prompt, completion), cached: false },
    }),
    score,
    success,
    testCase: { vars: { question, answer }, assert: assertions, options: {}, metadata: {} },
    testIdx,
    vars: { question, answer },
    metadata: { _promptfooFileMetadata: {} },
    failureReason: error !== undefined ? 2 : success ? 0 : 1,
  };
}

/** In the order they end: by test, then by column. */
export const rows = tests.flatMap((_, testIdx) =>
  outcomes.map((column, promptIdx) =>
    rowOf(promptIdx, testIdx, column[testIdx] ?? { score: 0, latencyMs: 0 }),
  ),
);

export const output = {
  evalId: "eval-9fX-2026-03-02T09:30:00",
  results: {
    version: 3,
    timestamp: "2026-03-02T09:30:00.123Z",
    prompts: aggregates.map((sum, promptIdx) => ({
      id: `prompt-hash-${promptIdx % 2}`,
      raw: prompts[promptIdx % 2],
      label: prompts[promptIdx % 2],
      provider: providers[promptIdx >> 1]?.label || providers[promptIdx >> 1]?.id,
      metrics: {
        score: sum.score,
        testPassCount: sum.pass,
        testFailCount: sum.fail,
        testErrorCount: sum.error,
        assertPassCount: 2 * sum.pass,
        assertFailCount: 2 * sum.fail,
        totalLatencyMs: sum.latency,
        tokenUsage: { ...usage(sum.prompt, sum.completion), numRequests: 3 },
        namedScores: { exact: sum.exact },
        namedScoresCount: { exact: 3 - sum.error },
        cost: sum.cost,
      },
    })),
    results: rows,
    stats: { successes: 9, failures: 2, errors: 1, tokenUsage: usage(316, 31), durationMs: 11_500 },
  },
  config: {
    description: "Geography",
    prompts,
    providers: providers.map(({ id }) => id),
    tests: tests.map((vars) => ({ vars })),
    env: { OPENAI_API_KEY: "[REDACTED]" },
  },
  shareableUrl: null,
  metadata: { promptfooVersion: "0.121.11", nodeVersion: "v24.1.0", exportedAt: "2026-03-02T09:30:12.000Z" },
};
