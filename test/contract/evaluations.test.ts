import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { ComparedState, IntervalMethod, Missing } from "../../gen/ltb/v1/benchmark_pb.ts";
import {
  type Evaluation,
  EvaluationOrder,
  EvaluationOutcome,
  EvaluationView,
} from "../../gen/ltb/v1/evaluation_pb.ts";
import { unknownId } from "../harness/examples.ts";
import { contract, expectFailure, sample, wires } from "./support.ts";

const service = contract();
const { CREATED, DUPLICATE, CONFLICT, REJECTED } = EvaluationOutcome;

describe.each(wires)("over %s", (wire) => {
  let api: ReturnType<typeof service.benchmarks>;
  let benchmarkId: string;
  beforeEach(async () => {
    api = service.benchmarks(wire);
    benchmarkId = (await api.createBenchmark(sample)).benchmark?.id ?? "";
  });
  const row = (sampleId: string, more: object = {}) => ({
    benchmarkId,
    sampleId,
    input: "2 + 2",
    output: "4",
    ...more,
  });
  async function created(sampleId: string, more: object = {}): Promise<Evaluation> {
    const { evaluation } = await api.createEvaluation(row(sampleId, more));
    if (!evaluation) throw new Error("no evaluation in the response");
    return evaluation;
  }
  const counts = async () => {
    const { benchmark } = await api.getBenchmark({ id: benchmarkId });
    return [benchmark?.completedIterations, benchmark?.failedIterations];
  };

  test("an evaluation is created, read, re-scored and deleted", async () => {
    const given = {
      score: 0.5,
      latencyMs: 1.5,
      inputTokens: 0,
      outputTokens: 2,
      costUsd: 0.001,
      metrics: { exact: true },
      metadata: { a: 1 },
    };
    const time = { seconds: 1_769_860_800n, nanos: 1_000 };
    const evaluation = await created("a", { ...given, expected: "", createdAt: time });
    expect(evaluation).toMatchObject({
      ...given,
      provider: "openai",
      model: "gpt-4",
      output: "4",
      expected: "",
      createdAt: time,
    });
    expect((await api.getEvaluation({ id: evaluation.id, benchmarkId })).evaluation).toEqual(evaluation);
    expect(await counts()).toEqual([1, 0]);
    const updateMask = { paths: ["score", "expected", "metrics", "metadata"] };
    const { evaluation: changed } = await api.updateEvaluation({
      id: evaluation.id,
      error: "wrong",
      updateMask,
    });
    expect(changed).toMatchObject({ error: "wrong", metrics: {} });
    for (const field of ["score", "expected", "metadata"] as const) expect(changed?.[field]).toBeUndefined();
    expect(await counts()).toEqual([0, 1]);
    expect((await api.updateEvaluation({ id: evaluation.id, error: "", score: 0 })).evaluation).toMatchObject(
      { error: "", score: 0 },
    );
    await api.deleteEvaluation({ id: evaluation.id });
    expect(await counts()).toEqual([0, 0]);
  });

  test("old ones are deleted where asked for, and how old must be said", async () => {
    await created("old", { createdAt: { seconds: 1_000_000_000n } });
    await created("new");
    // They are as old as their storage, whatever their sender says.
    expect(await api.cleanupEvaluations({ olderThanDays: 1000, benchmarkId })).toMatchObject({ deleted: 0 });
    expect(await counts()).toEqual([2, 0]);
    expect(await api.cleanupEvaluations({ olderThanDays: 0, benchmarkId })).toMatchObject({
      deleted: 2,
      more: false,
    });
    expect(await counts()).toEqual([0, 0]);
    await expectFailure(api.cleanupEvaluations({ benchmarkId }), {
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: ["older_than_days"],
    });
    await expectFailure(api.cleanupEvaluations({ olderThanDays: 1, benchmarkId: unknownId }), {
      code: Code.NotFound,
      reason: "NOT_FOUND",
      metadata: { id: unknownId },
    });
  });

  test("searched by metadata, page after page; by text only with its index", async () => {
    for (const id of ["a", "b", "c"]) await created(id, { metadata: { split: "test", n: { of: [1, id] } } });
    await created("d", { metadata: { split: "train" } });
    const filter = { benchmarkId, metadata: { split: "test", n: { of: [1] } }, pageSize: 2 };
    const first = await api.listEvaluations(filter);
    const second = await api.listEvaluations({ ...filter, pageToken: first.nextPageToken });
    const found = [...first.evaluations, ...second.evaluations].map(({ sampleId }) => sampleId);
    expect([found, second.nextPageToken]).toEqual([["c", "b", "a"], ""]);
    await expectFailure(
      api.listEvaluations({
        benchmarkId,
        metadata: { split: "train" },
        pageSize: 2,
        pageToken: first.nextPageToken,
      }),
      { code: Code.InvalidArgument, reason: "INVALID_PAGE_TOKEN", fields: ["page_token"] },
    );
    const exported = await Array.fromAsync(
      api.exportEvaluations({ benchmarkId, metadata: { split: "train" } }),
    );
    expect(exported.flatMap(({ evaluations }) => evaluations.map(({ sampleId }) => sampleId))).toEqual(["d"]);
    await expectFailure(api.listEvaluations({ benchmarkId, metadata: { a: {} } }), {
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: ["metadata"],
    });
    await expectFailure(api.listEvaluations({ benchmarkId, text: "word" }), {
      code: Code.FailedPrecondition,
      reason: "INDEX_MISSING",
      fields: ["text"],
    });
  });

  test("stored again it is the same, with other content ALREADY_EXISTS", async () => {
    const { id } = await created("a");
    expect((await created("a")).id).toBe(id);
    const expected = {
      code: Code.AlreadyExists,
      reason: "ALREADY_EXISTS",
      metadata: { entity: "evaluation", id },
    };
    await expectFailure(api.createEvaluation(row("a", { output: "5" })), expected);
    const requestId = `e ${wire}`;
    const first = await created("b", { requestId });
    expect((await created("b", { requestId })).id).toBe(first.id);
    const reused = { code: Code.AlreadyExists, reason: "REQUEST_ID_REUSED", fields: ["request_id"] };
    await expectFailure(api.createEvaluation(row("c", { requestId })), reused);
  });

  const wrong: [object, string, string][] = [
    [{ benchmarkId: "7" }, "benchmark_id", "UUID"],
    [{ output: undefined }, "output", "required"],
    [{ sampleId: "x".repeat(256) }, "sample_id", "255"],
    [{ repetition: -1 }, "repetition", "0 to"],
    [{ score: Number.NaN }, "score", "finite"],
    [{ score: Number.POSITIVE_INFINITY }, "score", "finite"],
    [{ latencyMs: -1 }, "latency_ms", "0 or more"],
    [{ inputTokens: -1 }, "input_tokens", "0 to"],
    [{ input: "a\0" }, "input", "U+0000"],
    [{ output: "x".repeat(2 * 1024 * 1024 + 1) }, "output", "2097152"],
    [{ error: "x".repeat(65_537) }, "error", "65536"],
    [{ metadata: { "\0": 1 } }, "metadata", "U+0000"],
  ];
  test.each(wrong)("with a wrong field is refused by its name: %#", async (fault, field, text) => {
    await expectFailure(api.createEvaluation(row("x", fault)), {
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: [[field, text]],
    });
  });

  test("of no benchmark is NOT_FOUND", async () => {
    const missing = {
      code: Code.NotFound,
      reason: "NOT_FOUND",
      metadata: { entity: "benchmark", id: unknownId },
    };
    await expectFailure(api.createEvaluation(row("x", { benchmarkId: unknownId })), missing);
    await expectFailure(api.listEvaluations({ benchmarkId: unknownId }), missing);
    await expectFailure(api.getBenchmarkSummary({ benchmarkId: unknownId }), missing);
    await expectFailure(Array.fromAsync(api.exportEvaluations({ benchmarkId: unknownId })), missing);
  });

  test("a batch answers item by item", async () => {
    const stored = await created("stored");
    const { results } = await api.batchCreateEvaluations({
      benchmarkId,
      evaluations: [
        { sampleId: "new", input: "i", output: "o" },
        row("stored"),
        row("stored", { score: 1 }),
        row("bad", { score: Number.NaN }),
        row("lost", { benchmarkId: unknownId }),
        { input: "i", error: "timeout" },
      ],
    });
    expect(results.map(({ outcome }) => outcome)).toEqual([
      CREATED,
      DUPLICATE,
      CONFLICT,
      REJECTED,
      REJECTED,
      CREATED,
    ]);
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(results.slice(1, 3).map(({ id }) => id)).toEqual([stored.id, stored.id]);
    expect(results[2]?.reason).toContain("other content");
    expect(results[3]).toMatchObject({ id: "", field: "score", reason: expect.stringContaining("finite") });
    expect(results[4]).toMatchObject({ field: "benchmark_id", reason: expect.stringContaining(unknownId) });
    expect(await counts()).toEqual([2, 1]);
    const tooMany = Array.from({ length: 1001 }, () => row(""));
    const bad = { code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: ["evaluations"] };
    await expectFailure(api.batchCreateEvaluations({ evaluations: tooMany }), bad);
    await expectFailure(api.batchCreateEvaluations({ benchmarkId }), bad);
  });

  test("a batch by request id answers the same results again", async () => {
    const request = {
      requestId: `b ${wire}`,
      benchmarkId,
      evaluations: [row("a"), { input: "no sample", output: "" }],
    };
    const first = await api.batchCreateEvaluations(request);
    expect(await api.batchCreateEvaluations(request)).toEqual(first);
    expect(await counts()).toEqual([2, 0]);
    const reused = { code: Code.AlreadyExists, reason: "REQUEST_ID_REUSED", fields: ["request_id"] };
    await expectFailure(api.batchCreateEvaluations({ ...request, evaluations: [row("a")] }), reused);
  });

  test("a stream answers its totals and what it did not store", async () => {
    async function* messages() {
      yield {
        benchmarkId,
        evaluations: Array.from({ length: 700 }, (_, i) => ({ sampleId: `${i}`, input: "i", output: "o" })),
      };
      yield { evaluations: [] };
      yield {
        benchmarkId,
        evaluations: [
          row("0", { input: "other" }),
          row("bad", { latencyMs: -1 }),
          { ...row("1"), input: "i", output: "o" },
        ],
      };
    }
    const { issues, ...totals } = await api.streamEvaluations(messages());
    expect(totals).toMatchObject({ received: 703, inserted: 700, duplicates: 1, conflicts: 1, rejected: 1 });
    expect(issues).toMatchObject([
      { index: 700, sampleId: "0", outcome: CONFLICT },
      { index: 701, sampleId: "bad", outcome: REJECTED, field: "latency_ms" },
    ]);
    expect(await counts()).toEqual([700, 0]);
  });

  test("lists come in pages with a token bound to filters and order, without texts unless asked for", async () => {
    const evaluations = Array.from({ length: 5 }, (_, i) => row(`${i}`, { score: i }));
    await api.batchCreateEvaluations({ evaluations });
    const samples: string[] = [];
    let pageToken = "";
    do {
      const page = await api.listEvaluations({
        benchmarkId,
        pageSize: 2,
        pageToken,
        orderBy: EvaluationOrder.SCORE_DESC,
        maxScore: 3,
      });
      samples.push(...page.evaluations.map(({ sampleId }) => sampleId));
      for (const { input, output } of page.evaluations) expect([input, output]).toEqual(["", undefined]);
      pageToken = page.nextPageToken;
    } while (pageToken);
    expect(samples).toEqual(["3", "2", "1", "0"]);
    const { evaluations: full, nextPageToken } = await api.listEvaluations({
      benchmarkId,
      pageSize: 1,
      view: EvaluationView.FULL,
    });
    expect(full[0]).toMatchObject({ input: "2 + 2", output: "4" });
    expect(full[0]?.inputBytes).toBeUndefined();
    const preview = { benchmarkId, pageSize: 1, view: EvaluationView.PREVIEW };
    const { evaluations: short } = await api.listEvaluations({ ...preview, previewChars: 3 });
    expect(short[0]).toMatchObject({ input: "2 +", inputBytes: 5, output: "4", outputBytes: 1 });
    expect([short[0]?.expected, short[0]?.expectedBytes]).toEqual([undefined, undefined]);
    const ids = [full[0]?.id ?? "", unknownId];
    expect(await api.batchGetEvaluations({ ids })).toMatchObject({
      evaluations: [{ id: ids[0], input: "2 + 2" }],
      ...{ missingIds: [unknownId], remainingIds: [] },
    });
    const { evaluations: brief } = await api.batchGetEvaluations({ ids, view: EvaluationView.BASIC });
    expect(brief).toMatchObject([{ id: ids[0], input: "" }]);
    const [chunk] = await Array.fromAsync(api.exportEvaluations(preview));
    expect(chunk?.evaluations[0]).toMatchObject({ input: "2 + 2", inputBytes: 5 });
    const bad = { code: Code.InvalidArgument, reason: "INVALID_PAGE_TOKEN", fields: ["page_token"] };
    const byMetric = { benchmarkId, pageSize: 2, metric: "score", orderBy: EvaluationOrder.METRIC_DESC };
    const second = (await api.listEvaluations({ ...byMetric, minValue: 2, pageSize: 1 })).nextPageToken;
    await expectFailure(api.listEvaluations({ ...byMetric, pageToken: second }), bad);
    const { evaluations: best } = await api.listEvaluations(byMetric);
    const around = await api.listEvaluations({ ...byMetric, pageSize: 1, aroundId: best[1]?.id ?? "" });
    expect(around.evaluations).toMatchObject([{ id: best[1]?.id }]);
    const back = around.previousPageToken;
    const before = await api.listEvaluations({ ...byMetric, pageToken: back });
    expect(before).toMatchObject({ evaluations: [{ id: best[0]?.id }], previousPageToken: "" });
    expect(before.evaluations).toHaveLength(1);
    await expectFailure(api.listEvaluations({ benchmarkId, aroundId: unknownId }), {
      ...{ code: Code.NotFound, reason: "NOT_FOUND", metadata: { entity: "evaluation", id: unknownId } },
    });
    await expectFailure(api.listEvaluations({ benchmarkId, pageToken: nextPageToken, minScore: 1 }), bad);
    await expectFailure(api.listEvaluations({ benchmarkId, pageToken: "?" }), bad);
    await expectFailure(
      Array.fromAsync(api.exportEvaluations({ benchmarkId, pageToken: nextPageToken })),
      bad,
    );
  });

  const wrongLists: [object, string][] = [
    [{ benchmarkId: "7" }, "benchmark_id"],
    [{ pageSize: 1001 }, "page_size"],
    [{ pageSize: -1 }, "page_size"],
    [{ view: EvaluationView.PREVIEW, previewChars: 1001 }, "preview_chars"],
    [{ minScore: Number.NaN }, "min_score"],
    [{ orderBy: 99 as EvaluationOrder }, "order_by"],
    [{ failedOnly: true, orderBy: EvaluationOrder.SCORE_ASC }, "order_by"],
    [{ errorContains: "e", orderBy: EvaluationOrder.METRIC_ASC }, "order_by"],
    [{ aroundId: "7" }, "around_id"],
  ];
  test.each(wrongLists)("a list with a wrong field is refused by its name: %#", async (fault, field) => {
    const expected = { code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: [field] };
    await expectFailure(api.listEvaluations({ benchmarkId, ...fault }), expected);
  });

  test("an export holds everything, and goes on after any chunk", async () => {
    const evaluations = Array.from({ length: 900 }, (_, i) => row(`${i}`));
    await api.batchCreateEvaluations({ evaluations });
    const chunks = await Array.fromAsync(api.exportEvaluations({ benchmarkId }));
    const samples = chunks.flatMap(({ evaluations }) =>
      evaluations.map(({ sampleId, input }) => `${sampleId} ${input}`),
    );
    expect(samples).toHaveLength(900);
    expect(new Set(samples).size).toBe(900);
    expect(chunks.at(-1)?.nextPageToken).toBe("");
    const pageToken = chunks[0]?.nextPageToken ?? "";
    const rest = await Array.fromAsync(api.exportEvaluations({ benchmarkId, pageToken }));
    expect(rest).toEqual(chunks.slice(1));
    const [basic] = await Array.fromAsync(
      api.exportEvaluations({ benchmarkId, view: EvaluationView.BASIC, sampleId: "7" }),
    );
    expect(basic?.evaluations).toMatchObject([{ sampleId: "7", input: "" }]);
  });

  test("a summary has the figures and the totals", async () => {
    const evaluations = [1, 2, 3].map((score) =>
      row(`${score}`, { score, inputTokens: 2_000_000_000, metrics: { ok: score > 1 } }),
    );
    await api.batchCreateEvaluations({
      evaluations: [...evaluations, { benchmarkId, input: "i", error: "e" }],
    });
    const summary = await api.getBenchmarkSummary({ benchmarkId });
    expect(summary).toMatchObject({
      evaluationCount: 4,
      failedCount: 1,
      inputTokens: 6_000_000_000n,
    });
    // Unknown is not 0.
    expect([summary.outputTokens, summary.costUsd]).toEqual([undefined, undefined]);
    expect(summary).toMatchObject({ exact: false, percentileError: 0, metricsLeftOut: 0 });
    expect(summary.metrics.map(({ intervalMethod }) => intervalMethod)).toEqual([
      IntervalMethod.STUDENT_T,
      IntervalMethod.UNSPECIFIED,
      IntervalMethod.WILSON,
    ]);
    const exact = await api.getBenchmarkSummary({ benchmarkId, exact: true });
    expect(exact).toMatchObject({ exact: true, percentileError: 0, metricsLeftOut: 0, evaluationCount: 4 });
    expect(exact.metrics[0]).toEqual(summary.metrics[0]);
    expect(summary.metrics.map(({ name }) => name)).toEqual(["score", "input_tokens", "ok"]);
    expect(summary.metrics[0]).toMatchObject({
      count: 3,
      mean: 2,
      stddev: 1,
      min: 1,
      p50: 2,
      max: 3,
      sum: 6,
    });
    const { metrics } = await api.getBenchmarkSummary({ benchmarkId, metrics: ["none"] });
    expect(metrics).toMatchObject([{ name: "none", count: 0 }]);
    expect(metrics[0]?.mean).toBeUndefined();
  });

  test("samples of several benchmarks are listed side by side", async () => {
    const other = (await api.createBenchmark(sample)).benchmark?.id ?? "";
    const benchmarkIds = [benchmarkId, other];
    const scores = { [benchmarkId]: [1, 1, 0], [other]: [0, 0.5, 0] };
    for (const id of benchmarkIds)
      await api.batchCreateEvaluations({
        evaluations: (scores[id] ?? []).map((score, i) => row(`${i}`, { benchmarkId: id, score })),
      });
    const regressed = { benchmarkIds, state: ComparedState.REGRESSED, pageSize: 1 };
    const first = await api.listComparedSamples(regressed);
    expect(first.samples).toMatchObject([
      {
        sampleId: "0",
        difference: 1,
        values: [
          { value: 1, count: 1 },
          { value: 0, count: 1 },
        ],
      },
    ]);
    expect(first.samples[0]?.values[1]?.evaluationId).not.toBe("");
    const pageToken = first.nextPageToken;
    const second = await api.listComparedSamples({ ...regressed, pageToken });
    expect(second).toMatchObject({ samples: [{ sampleId: "1" }], nextPageToken: "" });
    await expectFailure(api.listComparedSamples({ ...regressed, tieTolerance: 0.1, pageToken }), {
      ...{ code: Code.InvalidArgument, reason: "INVALID_PAGE_TOKEN", fields: ["page_token"] },
    });
    const wrong = await api.listComparedSamples({ benchmarkIds, state: ComparedState.BOTH_WRONG });
    expect(wrong).toMatchObject({ samples: [{ sampleId: "2" }] });
    await expectFailure(api.listComparedSamples({ benchmarkIds: [benchmarkId, unknownId] }), {
      ...{ code: Code.NotFound, reason: "NOT_FOUND", metadata: { entity: "benchmark", id: unknownId } },
    });
    await expectFailure(api.listComparedSamples({ ...regressed, state: 99 as ComparedState }), {
      ...{ code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: ["state"] },
    });
  });

  test("failures are told in groups", async () => {
    await api.batchCreateEvaluations({
      evaluations: ["HTTP 429 after 31 s", "HTTP 429 after 2.5 s", "other"].map((error) => ({
        ...{ benchmarkId, input: "i", error },
      })),
    });
    const found = await api.listFailureGroups({ benchmarkId, limit: 1 });
    expect(found).toMatchObject({
      groups: [{ message: "HTTP 429 after # s", count: 2 }],
      ...{ groupsLeftOut: 1, failuresRead: 3, more: false },
    });
    expect(found.groups[0]?.evaluationIds).toHaveLength(2);
    expect(found.groups[0]?.lastAt?.seconds).toBeGreaterThan(0n);
    await expectFailure(api.listFailureGroups({ benchmarkId: unknownId }), {
      ...{ code: Code.NotFound, reason: "NOT_FOUND", metadata: { entity: "benchmark", id: unknownId } },
    });
    await expectFailure(api.listFailureGroups({ benchmarkId, limit: 201 }), {
      ...{ code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: ["limit"] },
    });
  });

  test("a histogram has bins on one scale, and the values where they are few", async () => {
    const evaluations = [1, 2, 2].map((score) => row(`${score}`, { score, metrics: { ok: score > 1 } }));
    await api.batchCreateEvaluations({ evaluations: evaluations.map((one) => ({ ...one, sampleId: "" })) });
    const benchmarkIds = [benchmarkId];
    expect(await api.getMetricHistogram({ benchmarkIds, bins: 2 })).toMatchObject({
      metric: "score",
      edges: [1, 1.5, 2],
      values: [1, 2],
      histograms: [{ benchmarkId, count: 3, counts: [1, 2], valueCounts: [1, 2] }],
      exact: true,
    });
    const found = await api.getMetricHistogram({ benchmarkIds, metric: "ok" });
    expect(found).toMatchObject({ values: [0, 1], histograms: [{ valueCounts: [1, 2] }] });
    await expectFailure(api.getMetricHistogram({ benchmarkIds: [benchmarkId, unknownId] }), {
      ...{ code: Code.NotFound, reason: "NOT_FOUND", metadata: { entity: "benchmark", id: unknownId } },
    });
    await expectFailure(api.getMetricHistogram({ bins: 101 }), {
      ...{ code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: ["benchmark_ids", "bins"] },
    });
  });

  test("groups have their figures and no others, as they have no clusters and fill nothing in", async () => {
    const evaluations = [1, 0, undefined].map((score, i) =>
      row(`g${i}`, { ...(score !== undefined && { score }), metadata: { doc: { subject: "歴史" } } }),
    );
    await api.batchCreateEvaluations({ evaluations: [...evaluations, row("other", { score: 1 })] });
    const groupBy = "doc.subject";
    const summary = await api.getBenchmarkSummary({ benchmarkId, groupBy });
    expect(summary.groupBy).toBe(groupBy);
    expect(summary.slices).toMatchObject([
      {
        metric: "score",
        macroMean: 0.5,
        macroSlices: 1,
        slices: [{ value: "歴史", tried: 3, samples: 2 }, { samples: 1 }],
      },
    ]);
    expect(summary.slices[0]?.slices[1]?.value).toBeUndefined();
    const refused = (field: string) => ({
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: [[field, "group_by"] as const],
    });
    await expectFailure(
      api.getBenchmarkSummary({ benchmarkId, groupBy, missing: Missing.AS_WORST }),
      refused("missing"),
    );
    await expectFailure(
      api.getBenchmarkSummary({ benchmarkId, groupBy, clusterBy: "doc" }),
      refused("cluster_by"),
    );
  });

  test.each([
    ["getEvaluation", (id: string, of?: string) => api.getEvaluation({ id, ...(of && { benchmarkId: of }) })],
    [
      "updateEvaluation",
      (id: string, of?: string) => api.updateEvaluation({ id, score: 1, ...(of && { benchmarkId: of }) }),
    ],
    [
      "deleteEvaluation",
      (id: string, of?: string) => api.deleteEvaluation({ id, ...(of && { benchmarkId: of }) }),
    ],
  ] as [string, (id: string, of?: string) => Promise<unknown>][])(
    "%s of a bad or unknown id",
    async (_, ask) => {
      const { id } = await created("x");
      await expectFailure(ask("7"), {
        code: Code.InvalidArgument,
        reason: "INVALID_ARGUMENT",
        fields: [["id", "UUID"]],
      });
      await expectFailure(ask(id, "7"), {
        code: Code.InvalidArgument,
        reason: "INVALID_ARGUMENT",
        fields: ["benchmark_id"],
      });
      await expectFailure(ask(unknownId), {
        code: Code.NotFound,
        reason: "NOT_FOUND",
        metadata: { entity: "evaluation" },
      });
      await expectFailure(ask(id, unknownId), { code: Code.NotFound, reason: "NOT_FOUND" });
    },
  );

  test("re-scoring with a wrong mask or value is refused by its field", async () => {
    const { id } = await created("x");
    const { evaluation: failed } = await api.createEvaluation({ benchmarkId, input: "i", error: "e" });
    const bad = (field: string) => ({
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: [field],
    });
    await expectFailure(api.updateEvaluation({ id, updateMask: { paths: ["output"] } }), bad("update_mask"));
    await expectFailure(api.updateEvaluation({ id, score: Number.NaN }), bad("score"));
    await expectFailure(api.updateEvaluation({ id: failed?.id ?? "", error: "" }), {
      code: Code.FailedPrecondition,
      reason: "CONSTRAINT_VIOLATION",
      fields: ["error"],
    });
  });

  test.runIf(wire !== "Connect with JSON")(
    "a time out of range refuses its item alone, which JSON cannot even say",
    async () => {
      const createdAt = { seconds: 999_999_999_999n, nanos: 0 };
      const { results } = await api.batchCreateEvaluations({
        evaluations: [row("a"), row("b", { createdAt }), row("c")],
      });
      expect(results.map(({ outcome, field }) => [outcome, field])).toEqual([
        [CREATED, ""],
        [REJECTED, "created_at"],
        [CREATED, ""],
      ]);
      async function* messages() {
        yield { evaluations: [row("a", { createdAt }), row("d")] };
      }
      expect(await api.streamEvaluations(messages())).toMatchObject({
        received: 2,
        inserted: 1,
        rejected: 1,
      });
    },
  );
});
