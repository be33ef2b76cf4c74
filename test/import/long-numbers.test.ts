import { expect, test } from "vitest";
import { parseFieldMap } from "../../src/import/field-map.ts";
import { readFaulty, readOne, temporary } from "./support.ts";

// The whole number that comes after those which a double holds, and what a double makes of it.
const long = "9007199254740993";
const rounded = 9007199254740992;

const inspect = `{
  "status": "success",
  "eval": { "task": "sums", "model": "mockllm/model", "created": "2026-01-01T00:00:00+00:00", "seed": ${long} },
  "results": { "total_samples": 1, "scores": [] },
  "samples": [{
    "id": ${long}, "epoch": 1, "input": "?", "target": ${long}, "metadata": { "seed": ${long} },
    "output": { "completion": "!" }, "scores": { "distance": { "value": ${long} } }
  }]
}`;

const lmEval = `{"doc_id": ${long}, "doc": {"seed": ${long}}, "target": ${long}, "arguments": [["?"]],
  "resps": [["!"]], "filtered_resps": ["!"], "filter": "none", "metrics": ["distance"], "distance": ${long}}`;

const promptfoo = `{
  "evalId": "eval-1",
  "results": { "version": 3, "timestamp": "2026-01-01T00:00:00Z", "prompts": [], "results": [{
    "promptIdx": 0, "testIdx": 0, "provider": { "id": "echo" }, "prompt": { "raw": "?", "label": "?" },
    "vars": { "sum": ${long} }, "response": { "output": ${long} }, "success": true, "score": 1,
    "namedScores": { "distance": ${long} },
    "testCase": { "assert": [{ "type": "equals", "value": "{{sum}}" }] }
  }] },
  "config": { "description": "sums" }
}`;

const rows = `{"id": ${long}, "input": "?", "output": ${long}, "expected": ${long}, "distance": ${long}, "seed": ${long}}`;

const evals = [
  `{"spec": {"completion_fns": ["gpt-4"], "eval_name": "sums.dev.v0", "run_id": "r", "created_at": "2026-01-01 00:00:00"}}`,
  `{"run_id": "r", "event_id": 0, "sample_id": "a", "type": "sampling", "data": {"prompt": "?", "sampled": ["!"], "seed": ${long}}, "created_at": "2026-01-01 00:00:01+00:00"}`,
  `{"run_id": "r", "event_id": 1, "sample_id": "a", "type": "metrics", "data": {"distance": ${long}}, "created_at": "2026-01-01 00:00:02+00:00"}`,
  `{"final_report": {"distance": ${long}}}`,
].join("\n");

test.each([
  { format: "Inspect", file: "log.json", content: inspect, texts: ["sampleId", "expected"] },
  {
    format: "lm-eval",
    file: "samples_sums_2026-01-01T00-00-00.000000.jsonl",
    content: lmEval.replaceAll("\n", ""),
    texts: ["sampleId", "expected"],
  },
  { format: "promptfoo", file: "output.json", content: promptfoo, texts: ["output", "expected"] },
  {
    format: "rows",
    file: "rows.jsonl",
    content: rows,
    options: { map: "sample_id=id,input=input,output=output,expected=expected,metrics.distance=distance" },
    texts: ["sampleId", "output", "expected"],
  },
  { format: "OpenAI evals", file: "log.jsonl", content: evals, texts: [] },
] as const)("whole numbers of $format keep all digits in ids, texts and metadata", async (log) => {
  const path = await temporary(log.file, log.content);
  const options = "options" in log ? { map: parseFieldMap(log.options.map) } : {};
  const { benchmark, evaluations } = await readOne(path, options);
  const [evaluation] = evaluations;
  for (const field of log.texts) expect(evaluation?.[field]).toBe(long);
  // What is counted with is a double.
  expect(evaluation?.metrics).toMatchObject({ distance: rounded });
  const documents = JSON.stringify([evaluation?.metadata, benchmark.metadata]);
  expect(documents).toContain(long);
  expect(documents).not.toContain(String(rounded));
});

test("one that stands where only a small one can is named with all digits", async () => {
  const path = await temporary("log.json", inspect.replace('"epoch": 1', `"epoch": ${long}`));
  const { message } = await readFaulty(path);
  expect(message).toMatch(`epoch: expected a number of at most 2^53, found ${long}`);
});
