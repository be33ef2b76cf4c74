import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { BenchmarkView } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { CreateBenchmarkRequestSchema } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationOutcome, EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import { JobStatus, JobView, LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { JsonFormat } from "../../gen/ltb/v1/json_pb.ts";
import { clientsOf } from "../../src/client/services.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { contract, expectFailure, sample, wires } from "./support.ts";

// JSON documents as text: what no double holds is kept, and whatever came as Struct may be read as text.

const service = contract();
const api = (wire: (typeof wires)[number] = "gRPC") => clientsOf(service.transport(wire));

const workerId = "w";
/** 2^53 + 1 is no double. */
const odd = { text: '{"b":9007199254740993,"a":[1.50,"é\\n"]}', value: { a: [1.5, "é\n"], b: 2 ** 53 } };
const oddDigits = /"b": ?9007199254740993\b/;
const refused = { code: Code.InvalidArgument, reason: "INVALID_ARGUMENT" };

type Asked = { jsonFormat: JsonFormat };
type Documents = readonly ("payload" | "result" | "metadata" | "metrics" | "results")[];
/** Answers an entity with documents as they are asked for. */
type Call = (asked: Asked) => Promise<object | undefined>;

const jobType = () => `t ${newId()}`;
const someJob = (more: object = {}) => ({
  jobType: jobType(),
  payloadJson: odd.text,
  metadataJson: odd.text,
  ...more,
});

async function makeJob(more: object = {}): Promise<{ id: string; type: string }> {
  const { job } = await api().jobs.createJob(someJob(more));
  return { id: job?.id ?? "", type: job?.jobType ?? "" };
}

/** The lease of a new job. */
async function leased() {
  const { type } = await makeJob();
  const { leases } = await api().jobs.claimJobs({ workerId, jobTypes: [type] });
  return { jobId: leases[0]?.job?.id ?? "", epoch: leases[0]?.epoch ?? 0 };
}

async function completed(): Promise<string> {
  const lease = await leased();
  await api().jobs.completeJobs({ workerId, items: [{ ...lease, resultJson: odd.text }] });
  return lease.jobId;
}

type NewBenchmark = MessageInitShape<typeof CreateBenchmarkRequestSchema>;

async function makeBenchmark(more: NewBenchmark = {}): Promise<string> {
  const { benchmark } = await api().benchmarks.createBenchmark({ ...sample, ...more });
  return benchmark?.id ?? "";
}

const documents = { resultsJson: odd.text, metricsJson: odd.text, metadataJson: odd.text };

async function changedBenchmark(): Promise<string> {
  const id = await makeBenchmark();
  await api().benchmarks.updateBenchmark({ id, ...documents });
  return id;
}

const evaluation = { input: "i", output: "o", metricsJson: odd.text, metadataJson: odd.text };

async function makeEvaluation() {
  const benchmarkId = await makeBenchmark();
  const { evaluation: made } = await api().benchmarks.createEvaluation({ ...evaluation, benchmarkId });
  return { id: made?.id ?? "", benchmarkId };
}

beforeAll(async () => {
  await api().workers.registerWorker({ workerId, capacity: 1_000 });
});

async function firstOf<T>(stream: AsyncIterable<T>, wanted: (message: T) => boolean): Promise<T> {
  for await (const message of stream) if (wanted(message)) return message;
  throw new Error("the stream ended");
}

const jobCalls: Record<string, Call> = {
  CreateJob: async (asked) => (await api().jobs.createJob(someJob(asked))).job,
  "CreateJob, repeated": async (asked) => {
    const request = someJob({ requestId: newId(), ...asked });
    await api().jobs.createJob(request);
    return (await api().jobs.createJob(request)).job;
  },
  GetJob: async (asked) => (await api().jobs.getJob({ id: (await makeJob()).id, ...asked })).job,
  ListJobs: async (asked) => {
    const { type } = await makeJob();
    return (await api().jobs.listJobs({ jobType: type, view: JobView.FULL, ...asked })).jobs[0];
  },
  ClaimJobs: async (asked) => {
    const { type } = await makeJob();
    return (await api().jobs.claimJobs({ workerId, jobTypes: [type], ...asked })).leases[0]?.job;
  },
  "ClaimJobs, repeated": async (asked) => {
    const claim = { workerId, requestId: newId(), jobTypes: [(await makeJob()).type], ...asked };
    await api().jobs.claimJobs({ ...claim, jsonFormat: JsonFormat.UNSPECIFIED });
    return (await api().jobs.claimJobs(claim)).leases[0]?.job;
  },
  CompleteJobs: async (asked) => {
    const next = { jobTypes: [(await makeJob()).type], ...asked };
    return (await api().jobs.completeJobs({ workerId, items: [await leased()], next })).leases[0]?.job;
  },
  FailJobs: async (asked) => {
    const next = { jobTypes: [(await makeJob()).type], ...asked };
    return (await api().jobs.failJobs({ workerId, items: [await leased()], next })).leases[0]?.job;
  },
  UpdateJob: async (asked) =>
    (await api().jobs.updateJob({ id: (await makeJob()).id, priority: 1, ...asked })).job,
  CancelJob: async (asked) => (await api().jobs.cancelJob({ id: (await makeJob()).id, ...asked })).job,
  RetryJob: async (asked) => {
    const { id } = await makeJob();
    await api().jobs.cancelJob({ id });
    return (await api().jobs.retryJob({ id, ...asked })).job;
  },
  WatchJobs: async (asked) => {
    const watch = api().jobs.watchJobs({ ids: [(await makeJob()).id], view: JobView.FULL, ...asked });
    return (await firstOf(watch, ({ job }) => job !== undefined)).job;
  },
};
const resultCalls: Record<string, Call> = {
  "GetJob of a completed one": async (asked) =>
    (await api().jobs.getJob({ id: await completed(), ...asked })).job,
};
const benchmarkCalls: Record<string, Call> = {
  GetBenchmark: async (asked) =>
    (await api().benchmarks.getBenchmark({ id: await changedBenchmark(), ...asked })).benchmark,
  UpdateBenchmark: async (asked) =>
    (await api().benchmarks.updateBenchmark({ id: await makeBenchmark(), ...documents, ...asked })).benchmark,
  ListBenchmarks: async (asked) => {
    const name = newId();
    await api().benchmarks.updateBenchmark({ id: await makeBenchmark({ name }), ...documents });
    const view = BenchmarkView.FULL;
    return (await api().benchmarks.listBenchmarks({ name, view, ...asked })).benchmarks[0];
  },
};
const metadataCalls: Record<string, Call> = {
  CreateBenchmark: async (asked) =>
    (await api().benchmarks.createBenchmark({ ...sample, metadataJson: odd.text, ...asked })).benchmark,
};
const metricsCalls: Record<string, Call> = {
  WatchBenchmarks: async (asked) => {
    const watch = api().benchmarks.watchBenchmarks({ ids: [await changedBenchmark()], ...asked });
    return (await firstOf(watch, ({ benchmark }) => benchmark !== undefined)).benchmark;
  },
};
const evaluationCalls: Record<string, Call> = {
  CreateEvaluation: async (asked) => {
    const benchmarkId = await makeBenchmark();
    return (await api().benchmarks.createEvaluation({ ...evaluation, benchmarkId, ...asked })).evaluation;
  },
  GetEvaluation: async (asked) =>
    (await api().benchmarks.getEvaluation({ ...(await makeEvaluation()), ...asked })).evaluation,
  BatchGetEvaluations: async (asked) => {
    const { id } = await makeEvaluation();
    return (await api().benchmarks.batchGetEvaluations({ ids: [id], ...asked })).evaluations[0];
  },
  UpdateEvaluation: async (asked) => {
    const { metricsJson, metadataJson } = evaluation;
    const { id } = await makeEvaluation();
    return (await api().benchmarks.updateEvaluation({ id, metricsJson, metadataJson, ...asked })).evaluation;
  },
  ListEvaluations: async (asked) => {
    const { benchmarkId } = await makeEvaluation();
    const view = EvaluationView.FULL;
    return (await api().benchmarks.listEvaluations({ benchmarkId, view, ...asked })).evaluations[0];
  },
  ExportEvaluations: async (asked) => {
    const { benchmarkId } = await makeEvaluation();
    const chunks = api().benchmarks.exportEvaluations({ benchmarkId, ...asked });
    return (await firstOf(chunks, () => true)).evaluations[0];
  },
};
const calls: [string, Call, Documents][] = [
  ...Object.entries(jobCalls).map(([name, call]) => [name, call, ["payload", "metadata"]] as const),
  ...Object.entries(resultCalls).map(([name, call]) => [name, call, ["payload", "result"]] as const),
  ...Object.entries(benchmarkCalls).map(
    ([name, call]) => [name, call, ["results", "metrics", "metadata"]] as const,
  ),
  ...Object.entries(metadataCalls).map(([name, call]) => [name, call, ["metadata"]] as const),
  ...Object.entries(metricsCalls).map(([name, call]) => [name, call, ["metrics"]] as const),
  ...Object.entries(evaluationCalls).map(([name, call]) => [name, call, ["metrics", "metadata"]] as const),
].map(([name, call, names]) => [name, call, [...names]]);

const valueSchemaBytes = (value: unknown) => {
  const message = value as Parameters<typeof create<typeof ValueSchema>>[1];
  return Buffer.from(toBinary(ValueSchema, create(ValueSchema, message)));
};

describe.each(calls)("%s answers documents", (_, call, names) => {
  test("as texts with all digits, if the request asks for that", async () => {
    const entity = (await call({ jsonFormat: JsonFormat.TEXT })) as Record<string, unknown>;
    for (const name of names) {
      expect(entity[name]).toBeUndefined();
      expect(entity[`${name}Json`]).toMatch(oddDigits);
      expect(JSON.parse(String(entity[`${name}Json`]))).toEqual(odd.value);
    }
  });

  test("as Struct with the nearest doubles, if it does not", async () => {
    const entity = (await call({ jsonFormat: JsonFormat.UNSPECIFIED })) as Record<string, unknown>;
    for (const name of names) {
      expect(entity[`${name}Json`]).toBe("");
      // A Value is a message of its own.
      const isValue = name === "result" || name === "results";
      if (isValue) expect(valueSchemaBytes(entity[name]).includes("é")).toBe(true);
      else expect(entity[name]).toEqual(odd.value);
    }
  });

  test("not in a format that there is not", async () => {
    const asked = call({ jsonFormat: 7 as JsonFormat });
    await expect(asked).rejects.toThrow(/json_format: must be a value of JsonFormat, is 7/);
  });
});

test.each(wires)("texts come back over %s as they are stored", async (wire) => {
  const { jobs } = api(wire);
  const { job } = await jobs.createJob(someJob());
  const found = await jobs.getJob({ id: job?.id ?? "", jsonFormat: JsonFormat.TEXT });
  expect(found.job?.payloadJson).toBe('{"a": [1.50, "é\\n"], "b": 9007199254740993}');
});

const faults: [string, string, string][] = [
  ["half a text", '{"a":', "must be JSON text, which it is not"],
  ["other texts", "{'a':1}", "must be JSON text, which it is not from character 1 on"],
  ["a comma too many", '{"a":1,}', "must be JSON text"],
  ["a comment", '{"a":1}//', "must be JSON text"],
  ["a byte order mark", '\uFEFF{"a":1}', "must be JSON text"],
  ["what is no number of JSON", '{"a":NaN}', "must be JSON text"],
  ["a list", "[1]", "must be a JSON object"],
  ["null", " null", "must be a JSON object"],
  ["a key twice", '{"b":":","a":1,"b":2}', "must not have a key twice, as it has from character 15 on"],
  ["an escaped key twice", '{"a":{"b":0,"\\u0062":0}}', "from character 12 on"],
  ["U+0000", '{"a":"\\u0000"}', "must not contain the character U+0000"],
  ["half a surrogate pair", '{"a":"\\ud800"}', "must not contain half of a surrogate pair"],
  ["a key with half a pair", '{"\\udc00":1}', "must not contain half of a surrogate pair"],
  ["a number beyond a double", '{"a":[1e400]}', "must hold finite numbers only"],
  ["a number below a double", '{"a":-0.1e-400}', "-0.1e-400 is too small for a double"],
  ["a long number", `{"a":1.${"3".repeat(1_000)}}`, "a number has at most 1000 characters, one has 1002"],
  ["33 levels", `${'{"a":'.repeat(33)}1${"}".repeat(33)}`, "must be nested at most 32 deep"],
  ["a pile", `{"a":${"[".repeat(500_000)}${"]".repeat(500_000)}}`, "must be nested at most 32 deep"],
  [
    "1 MiB and more",
    `{"a":"${"x".repeat(limits.jsonBytes)}"}`,
    "must have at most 1048576 bytes, has 1048584",
  ],
  ["much in few bytes", `{"a":[${"0,".repeat(90_000)}0]}`, "must take at most 1048576 bytes as a google"],
  ["what would grow", `{"a":[${"1e308,".repeat(4_000)}0]}`, "must take at most 1048576 bytes as a google"],
];

describe("a text is refused by its name:", () => {
  test.each(faults)("%s", async (_, payloadJson, fault) => {
    const fields = [["payload_json", fault]] as const;
    await expectFailure(api().jobs.createJob({ jobType: "t", payloadJson }), { ...refused, fields });
  });

  test("its place in a batch is told", async () => {
    const jobs = ["{}", "{}", "{", ""].map((metadataJson) => ({ jobType: "t", metadataJson }));
    const fields = [["jobs[2].metadata_json", "must be JSON text"]] as const;
    await expectFailure(api().jobs.batchCreateJobs({ jobs }), { ...refused, fields });
  });

  test("both fields of a document", async () => {
    const both = (name: string) =>
      ({ ...refused, fields: [[`${name}_json`, `must not be given together with ${name}`]] }) as const;
    const { benchmarks, jobs } = api();
    const id = await makeBenchmark();
    await expectFailure(jobs.createJob({ jobType: "t", payload: {}, payloadJson: "{}" }), both("payload"));
    const batch = [{ jobType: "t", metadata: {}, metadataJson: "{" }];
    await expectFailure(jobs.batchCreateJobs({ jobs: batch }), both("jobs[0].metadata"));
    const made = benchmarks.createBenchmark({ ...sample, metadata: {}, metadataJson: "{}" });
    await expectFailure(made, both("metadata"));
    const results = { kind: { case: "nullValue", value: 0 } } as const;
    await expectFailure(benchmarks.updateBenchmark({ id, results, resultsJson: "null" }), both("results"));
    const stored = { ...evaluation, benchmarkId: id, metrics: { a: 1 } };
    await expectFailure(benchmarks.createEvaluation(stored), both("metrics"));
  });

  test("items stand by themselves", async () => {
    const { benchmarks, jobs } = api();
    const benchmarkId = await makeBenchmark();
    const evaluations = [{ ...evaluation, metricsJson: "[]" }, evaluation, { ...evaluation, metadata: {} }];
    const { results } = await benchmarks.batchCreateEvaluations({ benchmarkId, evaluations });
    expect(results.map(({ outcome, field, reason }) => [outcome, field, reason])).toEqual([
      [EvaluationOutcome.REJECTED, "metrics_json", "must be a JSON object"],
      [EvaluationOutcome.CREATED, "", ""],
      [EvaluationOutcome.REJECTED, "metadata_json", "must not be given together with metadata"],
    ]);
    const [first, second] = [await leased(), await leased()];
    const items = [
      { ...first, resultJson: "[1e999]" },
      { ...second, resultJson: "[1]" },
    ];
    const ends = await jobs.completeJobs({ workerId, items });
    expect(ends.results.map(({ outcome, field, reason }) => [outcome, field, reason])).toEqual([
      [LeaseOutcome.REJECTED, "result_json", "must hold finite numbers only"],
      [LeaseOutcome.OK, "", ""],
    ]);
    const { job } = await jobs.getJob({ id: first.jobId });
    expect(job).toMatchObject({ status: JobStatus.FAILED, error: expect.stringContaining("result_json") });
  });

  test("a batch with a request id, however its texts are", async () => {
    const metadataJson = `[${"[".repeat(200_000)}${"]".repeat(200_000)}]`;
    const long = `{"a":${"10".repeat(200_000)}1}`;
    const { results } = await api().benchmarks.batchCreateEvaluations({
      benchmarkId: await makeBenchmark(),
      requestId: newId(),
      evaluations: [metadataJson, "{", long].map((text) => ({ ...evaluation, metadataJson: text })),
    });
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(3).fill(EvaluationOutcome.REJECTED));
  });
});

describe("text and Struct are the same", () => {
  test("request", async () => {
    const { jobs } = api();
    const request = { jobType: jobType(), requestId: newId() };
    const payload = { n: 2 ** 53, list: [{ b: 1, a: null }], x: 1e23, s: "é\u{1F600}" };
    const first = await jobs.createJob({ ...request, payload });
    const payloadJson =
      ' {"s":"\\u00e9\\ud83d\\ude00", "x":1.0E+23,"list":[{"a":null,"b":1.0}], "n":9007199254740992}';
    const again = await jobs.createJob({ ...request, payloadJson });
    expect(again.job?.id).toBe(first.job?.id);
    const other = jobs.createJob({ ...request, payloadJson: payloadJson.replace("92}", "93}") });
    await expectFailure(other, {
      code: Code.AlreadyExists,
      reason: "REQUEST_ID_REUSED",
      fields: ["request_id"],
    });
  });

  test("evaluation", async () => {
    const { benchmarks } = api();
    const { CREATED, DUPLICATE, CONFLICT } = EvaluationOutcome;
    const same = { sampleId: "s", input: "i", output: "o", score: 1 };
    const benchmarkId = await makeBenchmark();
    const outcomesOf = async (...rows: object[]) => {
      const evaluations = rows.map((row) => ({ ...same, ...row }));
      const { results } = await benchmarks.batchCreateEvaluations({ benchmarkId, evaluations });
      return results.map(({ outcome }) => outcome);
    };
    const struct = { metrics: { b: 0.1, a: 1e-7 }, metadata: { n: 2 ** 53 } };
    const text = { metricsJson: '{"a":0.0000001,"b":0.10}', metadataJson: '{ "n": 9007199254740992.0 }' };
    const other = { ...text, metadataJson: '{"n":9007199254740993}' };
    expect(await outcomesOf(struct)).toEqual([CREATED]);
    expect(await outcomesOf(text)).toEqual([DUPLICATE]);
    expect(await outcomesOf(other)).toEqual([CONFLICT]);
    const sampleId = "t";
    expect(await outcomesOf({ ...other, sampleId })).toEqual([CREATED]);
    expect(await outcomesOf({ ...other, sampleId, metadataJson: '{"n":90071992547409930e-1}' })).toEqual([
      DUPLICATE,
    ]);
    expect(await outcomesOf({ ...struct, sampleId })).toEqual([CONFLICT]);
  });

  test("metric", async () => {
    const { benchmarks } = api();
    const benchmarkId = await makeBenchmark();
    const texts = ['{"m":1.25}', '{"m":1.75,"big":9007199254740993,"yes":true}'];
    const evaluations = texts.map((metricsJson) => ({ input: "i", output: "o", metricsJson }));
    await benchmarks.batchCreateEvaluations({ benchmarkId, evaluations });
    const figures = async (exact: boolean) => {
      const { metrics } = await benchmarks.getBenchmarkSummary({ benchmarkId, exact });
      return Object.fromEntries(metrics.map(({ name, mean }) => [name, mean]));
    };
    const means = { m: 1.5, big: 2 ** 53, yes: 1 };
    expect(await figures(false)).toMatchObject(means);
    expect(await figures(true)).toMatchObject(means);
  });
});

test("a text is cleared by either name, and JSON null is no result", async () => {
  const { benchmarks, jobs } = api();
  const id = await changedBenchmark();
  const asked = { id, jsonFormat: JsonFormat.TEXT };
  const { benchmark } = await benchmarks.updateBenchmark({
    ...asked,
    resultsJson: " null\n",
    updateMask: { paths: ["metadata_json", "metrics"] },
  });
  expect(benchmark).toMatchObject({ resultsJson: "", metadataJson: "", metricsJson: "" });
  const wrong = benchmarks.updateBenchmark({ id, updateMask: { paths: ["name_json"] } });
  await expectFailure(wrong, { ...refused, fields: ["update_mask"] });
  const lease = await leased();
  await jobs.completeJobs({ workerId, items: [{ ...lease, resultJson: "null" }] });
  const { job } = await jobs.getJob({ id: lease.jobId });
  expect([job?.status, job?.result, job?.resultJson]).toEqual([JobStatus.COMPLETED, undefined, ""]);
});

test("pages of texts that are longer than their documents fit into messages", async () => {
  const { benchmarks, jobs } = api();
  const type = jobType();
  // As text a control character takes six bytes, and 1e308 takes 309.
  const payloadJson = JSON.stringify({ a: "\u0001".repeat(150_000) });
  const metadataJson = `{"a":[${"1e308,".repeat(3_000)}0]}`;
  const benchmarkId = await makeBenchmark({ metadataJson });
  for (let n = 0; n < 6; n++) {
    await jobs.createJob({ jobType: type, payloadJson, metadataJson });
    await benchmarks.createEvaluation({ benchmarkId, input: "i", output: "o", metadataJson });
  }
  const asked = { jsonFormat: JsonFormat.TEXT };
  const page = await jobs.listJobs({ jobType: type, view: JobView.FULL, ...asked });
  expect(page.jobs.length).toBeGreaterThan(0);
  expect(page.nextPageToken).not.toBe("");
  const { leases } = await jobs.claimJobs({ workerId, jobTypes: [type], maxJobs: 4, ...asked });
  expect(leases.length).toBeGreaterThan(0);
  const chunks = await Array.fromAsync(benchmarks.exportEvaluations({ benchmarkId, ...asked }));
  expect(chunks.flatMap(({ evaluations }) => evaluations)).toHaveLength(6);
});

test("secrets of a text are not in the audit trail, and its digits are", async () => {
  const metadataJson = '{"n":9007199254740993,"api_key":"sk-0123456789abcdef0123"}';
  const { id } = await makeJob({ metadataJson });
  const { rows } = await service.database.query(
    "select changes::text as text from audit_logs where entity_id = $1",
    [id],
  );
  expect(rows[0].text).toContain('"n": 9007199254740993');
  expect(rows[0].text).toContain("[redacted]");
  expect(rows[0].text).not.toContain("sk-0123");
});
