/**
 * Logs of OpenAI evals, written by hand after `RunSpec` of its `base.py`, `Event` and `LocalRecorder` of
 * `record.py`, and what `elsuite/basic/match.py`, `basic/fuzzy_match.py` and `modelgraded/classify.py` record
 * and report. Samples run in threads: their events are mixed.
 */
const runId = "230501120000ABCDEFGH";

export const jsonl = (lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

const spec = (evalName: string, completionFns: string[]) => ({
  spec: {
    completion_fns: completionFns,
    eval_name: evalName,
    base_eval: evalName.split(".")[0],
    split: evalName.split(".")[1],
    run_config: { completion_fns: completionFns, seed: 20220722, max_samples: null, command: "oaieval" },
    created_by: "",
    run_id: runId,
    created_at: "2023-05-01 12:00:00.123456",
  },
});

/** Numbers the events and gives them times, a millisecond apart. */
function events(list: readonly [sampleId: string, type: string, data: object][]) {
  return list.map(([sample_id, type, data], event_id) => ({
    run_id: runId,
    event_id,
    sample_id,
    type,
    data,
    created_by: "",
    created_at: `2023-05-01 12:00:01.${String(event_id).padStart(3, "0")}456+00:00`,
  }));
}

const chat = (content: string) => [{ role: "user", content }];
const usage = (prompt_tokens: number, completion_tokens: number) => ({
  usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
});
const sampled = (prompt: unknown, answer: string, tokens: [number, number]) => ({
  prompt,
  sampled: [answer],
  model: "gpt-3.5-turbo-0301",
  ...usage(...tokens),
});
const matched = (expected: string, answer: string) => ({
  correct: answer.startsWith(expected),
  expected,
  picked: answer.startsWith(expected) ? expected : null,
  sampled: answer,
  options: [expected],
});
const id = (n: number) => `test-match.s1.${n}`;

/** Basic match: accuracy 2 of 3. */
export const match = [
  spec("test-match.s1.simple-v0", ["gpt-3.5-turbo"]),
  ...events([
    [id(0), "sampling", sampled(chat("Capital of France?"), "Paris.", [20, 2])],
    [id(1), "sampling", sampled(chat("Capital of Peru?"), "Cuzco", [21, 3])],
    [id(1), "match", matched("Lima", "Cuzco")],
    [id(2), "sampling", sampled("Once upon a ", "time", [5, 1])],
    [id(0), "match", matched("Paris", "Paris.")],
    [id(2), "match", matched("time", "time")],
  ]),
  {
    final_report: {
      accuracy: 0.6666666666666666,
      boostrap_std: 0.2,
      usage_prompt_tokens: 46,
      usage_completion_tokens: 6,
      usage_total_tokens: 52,
    },
    run_id: runId,
  },
];

/** Fuzzy match: metrics beside the match, and a sample whose call failed. */
export const fuzzy = [
  spec("coqa.fuzzy.v0", ["gpt-4"]),
  ...events([
    ["coqa.fuzzy.0", "sampling", sampled(chat("Colour?"), "It is white", [10, 4])],
    ["coqa.fuzzy.1", "error", { type: "APITimeoutError", message: "Request timed out." }],
    ["coqa.fuzzy.0", "match", { correct: true, expected: ["white", "White"], picked: ["It is white"] }],
    ["coqa.fuzzy.2", "sampling", sampled(chat("Where?"), "in a house", [11, 3])],
    ["coqa.fuzzy.0", "metrics", { accuracy: 1.0, f1_score: 0.5 }],
    ["coqa.fuzzy.2", "match", { correct: false, expected: "in a barn", picked: [] }],
    ["coqa.fuzzy.2", "metrics", { accuracy: 0.0, f1_score: 0.25 }],
  ]),
  { final_report: { accuracy: 0.5, f1_score: 0.375 }, run_id: runId },
];

/** Model graded: the first sampling is the model's, the second the grader's; one choice has no score. */
export const graded = [
  spec("joke-fruits.dev.v0", ["gpt-3.5-turbo", "gpt-4"]),
  ...events([
    ["joke-fruits.dev.0", "sampling", sampled(chat("Joke about pears"), "A pear joke", [8, 3])],
    ["joke-fruits.dev.1", "sampling", sampled(chat("Joke about figs"), "A fig joke", [8, 3])],
    ["joke-fruits.dev.0", "sampling", sampled(chat("Is it funny? A pear joke"), "4", [50, 1])],
    ["joke-fruits.dev.0", "metrics", { choice: "4", score: 4.0 }],
    ["joke-fruits.dev.1", "sampling", sampled(chat("Is it funny? A fig joke"), "Hm", [50, 1])],
    ["joke-fruits.dev.1", "metrics", { choice: "__invalid__", score: null }],
    ["joke-fruits.dev.2", "sampling", sampled(chat("Joke about kiwis"), "A kiwi joke", [8, 3])],
    ["joke-fruits.dev.2", "sampling", sampled(chat("Is it funny? A kiwi joke"), "1", [50, 1])],
    ["joke-fruits.dev.2", "metrics", { choice: "1", score: 1.0, metascore: true }],
  ]),
  {
    final_report: { "counts/4": 1, "counts/__invalid__": 1, "counts/1": 1, score: 2.5, metascore: 1.0 },
    run_id: runId,
  },
];
