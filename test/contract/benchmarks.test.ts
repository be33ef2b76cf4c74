import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type Benchmark,
  BenchmarkField,
  BenchmarkOrder,
  BenchmarkStatus,
  BenchmarkView,
} from "../../gen/ltb/v1/benchmark_pb.ts";
import { JobField } from "../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { unknownId } from "../harness/examples.ts";
import { contract, expectFailure, sample, wires } from "./support.ts";

const service = contract();

describe.each(wires)("over %s", (wire) => {
  let api: ReturnType<typeof service.benchmarks>;
  beforeEach(() => {
    api = service.benchmarks(wire);
  });
  async function created(more: object = {}): Promise<Benchmark> {
    const { benchmark } = await api.createBenchmark({ ...sample, ...more });
    if (!benchmark) throw new Error("no benchmark in the response");
    return benchmark;
  }

  test("a benchmark is created, read, changed, listed and deleted", async () => {
    const given = {
      ...sample,
      description: "first",
      totalIterations: 10,
      labels: { team: wire },
      metadata: { seed: 1.5, a: [null] },
    };
    const benchmark = await created(given);
    expect(benchmark).toMatchObject({
      ...given,
      status: BenchmarkStatus.PENDING,
      version: 1,
      error: "",
      createdBy: "",
    });
    expect(benchmark.createdAt).toEqual(benchmark.updatedAt);
    expect((await api.getBenchmark({ id: benchmark.id })).benchmark).toEqual(benchmark);
    const running = await api.updateBenchmark({
      id: benchmark.id,
      status: BenchmarkStatus.RUNNING,
      completedIterations: 3,
    });
    expect(running.benchmark).toMatchObject({
      status: BenchmarkStatus.RUNNING,
      completedIterations: 3,
      version: 2,
    });
    expect(running.benchmark?.startedAt).toBeDefined();
    const list = await api.listBenchmarks({ labels: { team: wire } });
    expect(list).toMatchObject({ benchmarks: [{ id: benchmark.id, description: "" }], nextPageToken: "" });
    expect(list.benchmarks[0]?.metadata).toBeUndefined();
    const summed = { labels: { team: wire }, nameContains: "TEST", view: BenchmarkView.SUMMARY };
    expect((await api.listBenchmarks(summed)).benchmarks[0]?.summary).toMatchObject({
      ...{ evaluationCount: 0, score: { name: "score", count: 0 } },
    });
    expect(await api.listBenchmarks({ ...summed, nameContains: "%" })).toMatchObject({ benchmarks: [] });
    const full = await api.listBenchmarks({ labels: { team: wire }, view: BenchmarkView.FULL });
    expect(full.benchmarks[0]?.summary).toBeUndefined();
    expect(full.benchmarks[0]).toMatchObject({ description: "first", metadata: given.metadata });
    await api.deleteBenchmark({ id: benchmark.id });
    await expectFailure(api.getBenchmark({ id: benchmark.id }), {
      code: Code.NotFound,
      reason: "NOT_FOUND",
      metadata: { entity: "benchmark", id: benchmark.id },
    });
  });

  describe("creating", () => {
    test("with an id that is taken", async () => {
      const { id } = await created();
      await expectFailure(api.createBenchmark({ ...sample, id }), {
        code: Code.AlreadyExists,
        reason: "ALREADY_EXISTS",
        metadata: { entity: "benchmark", id },
      });
    });

    test("again by request id answers the first result, and refuses another body", async () => {
      const requestId = `again over ${wire}`;
      const first = await created({ requestId });
      expect((await created({ requestId })).id).toBe(first.id);
      await expectFailure(api.createBenchmark({ ...sample, name: "other", requestId }), {
        code: Code.AlreadyExists,
        reason: "REQUEST_ID_REUSED",
        fields: ["request_id"],
      });
    });

    const wrong: [string, object, [string, string][]][] = [
      [
        "nothing",
        { name: "", provider: "", model: "", dataset: "" },
        ["name", "provider", "model", "dataset"].map((f) => [f, "1 to"]),
      ],
      ["a bad UUID", { id: "7" }, [["id", "UUID"]]],
      ["an over-long name", { name: "x".repeat(256) }, [["name", "255"]]],
      ["an over-long provider", { provider: "x".repeat(101) }, [["provider", "100"]]],
      ["U+0000", { dataset: "a\0b" }, [["dataset", "U+0000"]]],
      ["a negative number", { totalIterations: -1 }, [["total_iterations", "0 to"]]],
      ["U+0000 within metadata", { metadata: { a: ["\0"] } }, [["metadata", "U+0000"]]],
      ["too much metadata", { metadata: { a: "x".repeat(1024 * 1024) } }, [["metadata", "1048576"]]],
      [
        "too many labels",
        { labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ""])) },
        [["labels", "64"]],
      ],
      ["an over-long request id", { requestId: "x".repeat(129) }, [["request_id", "128"]]],
    ];
    test.each(wrong)("with %s", async (_, fault, fields) => {
      await expectFailure(api.createBenchmark({ ...sample, ...fault }), {
        code: Code.InvalidArgument,
        reason: "INVALID_ARGUMENT",
        fields,
      });
    });
  });

  describe("updating", () => {
    test("clears what the mask names, and what is set to empty", async () => {
      const { id } = await created({
        description: "d",
        labels: { a: "b" },
        metadata: { a: 1 },
        totalIterations: 5,
      });
      await api.updateBenchmark({
        id,
        error: "bad",
        metrics: { a: 1 },
        results: { kind: { case: "boolValue", value: true } },
      });
      const paths = ["labels", "metadata", "metrics", "results", "total_iterations"];
      const { benchmark } = await api.updateBenchmark({
        id,
        updateMask: { paths },
        error: "",
        description: "",
      });
      expect(benchmark).toMatchObject({
        description: "",
        error: "",
        labels: {},
        totalIterations: 0,
        version: 3,
      });
      for (const field of ["metadata", "metrics", "results"] as const)
        expect(benchmark?.[field]).toBeUndefined();
    });

    test("leaves alone what is neither set nor named", async () => {
      const before = await created({ description: "d", labels: { a: "b" }, metadata: { a: 1 } });
      const { benchmark } = await api.updateBenchmark({
        id: before.id,
        name: "new",
        updateMask: { paths: ["name"] },
      });
      expect(benchmark).toEqual({ ...before, name: "new", version: 2, updatedAt: benchmark?.updatedAt });
    });

    test("to a status that is not allowed", async () => {
      const { id } = await created();
      await api.updateBenchmark({ id, status: BenchmarkStatus.COMPLETED });
      await expectFailure(api.updateBenchmark({ id, status: BenchmarkStatus.RUNNING }), {
        code: Code.FailedPrecondition,
        reason: "FORBIDDEN_STATUS_CHANGE",
        metadata: { entity: "benchmark", id, from: "completed", to: "running" },
      });
    });

    test("another version than the one expected", async () => {
      const { id } = await created();
      await api.updateBenchmark({ id, name: "second", expectedVersion: 1 });
      await expectFailure(api.updateBenchmark({ id, name: "third", expectedVersion: 1 }), {
        code: Code.Aborted,
        reason: "VERSION_MISMATCH",
        metadata: { version: "2" },
      });
    });

    const wrong: [string, object, string, string][] = [
      ["an unknown status", { status: 99 as BenchmarkStatus }, "status", "BenchmarkStatus"],
      ["a mask with an unknown field", { updateMask: { paths: ["nme"] } }, "update_mask", '"nme"'],
      [
        "a mask with a field that never changes",
        { updateMask: { paths: ["created_at"] } },
        "update_mask",
        "created_at",
      ],
      ["a name that is cleared", { updateMask: { paths: ["name"] } }, "name", "cannot be cleared"],
      ["a status that is cleared", { updateMask: { paths: ["status"] } }, "status", "cannot be cleared"],
      ["an over-long error", { error: "x".repeat(65_537) }, "error", "65536"],
      ["a negative count", { completedIterations: -1 }, "completed_iterations", "0 to"],
      ["U+0000 in results", { results: { kind: { case: "stringValue", value: "\0" } } }, "results", "U+0000"],
    ];
    test.each(wrong)("with %s", async (_, fault, field, text) => {
      const { id } = await created();
      await expectFailure(api.updateBenchmark({ id, ...fault }), {
        code: Code.InvalidArgument,
        reason: "INVALID_ARGUMENT",
        fields: [[field, text]],
      });
      expect((await api.getBenchmark({ id })).benchmark?.version).toBe(1);
    });

    test("to values that do not go together", async () => {
      const { id } = await created();
      await api.updateBenchmark({ id, status: BenchmarkStatus.RUNNING });
      await expectFailure(api.updateBenchmark({ id, updateMask: { paths: ["started_at"] } }), {
        code: Code.InvalidArgument,
        reason: "CONSTRAINT_VIOLATION",
        metadata: { constraint: "benchmarks_running_has_start" },
      });
    });
  });

  test.each([
    ["getBenchmark", (id: string) => api.getBenchmark({ id })],
    ["updateBenchmark", (id: string) => api.updateBenchmark({ id, name: "x" })],
    ["deleteBenchmark", (id: string) => api.deleteBenchmark({ id })],
  ] as [string, (id: string) => Promise<unknown>][])("%s of a bad or unknown id", async (_, ask) => {
    await expectFailure(ask("not-a-uuid"), {
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: [["id", "UUID"]],
    });
    await expectFailure(ask(""), { code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: ["id"] });
    await expectFailure(ask(unknownId), {
      code: Code.NotFound,
      reason: "NOT_FOUND",
      metadata: { id: unknownId },
    });
  });

  describe("listing", () => {
    test("in pages, with a token that is bound to its filters", async () => {
      const provider = `paged over ${wire}`;
      for (let i = 0; i < 5; i++) await created({ provider, name: `${i}` });
      const names: string[] = [];
      let pageToken = "";
      do {
        const page = await api.listBenchmarks({
          provider,
          pageSize: 2,
          pageToken,
          orderBy: BenchmarkOrder.CREATED_AT_ASC,
        });
        names.push(...page.benchmarks.map(({ name }) => name));
        pageToken = page.nextPageToken;
      } while (pageToken);
      expect(names).toEqual(["0", "1", "2", "3", "4"]);
      const { nextPageToken } = await api.listBenchmarks({ provider, pageSize: 2 });
      const bad = { code: Code.InvalidArgument, reason: "INVALID_PAGE_TOKEN", fields: ["page_token"] };
      await expectFailure(api.listBenchmarks({ provider: "other", pageToken: nextPageToken }), bad);
      await expectFailure(
        api.listBenchmarks({ provider, orderBy: BenchmarkOrder.CREATED_AT_ASC, pageToken: nextPageToken }),
        bad,
      );
      for (const token of [
        "x",
        "eyJwIjp7fX0",
        nextPageToken.slice(0, -5),
        Buffer.from("null").toString("base64url"),
      ]) {
        await expectFailure(api.listBenchmarks({ provider, pageToken: token }), bad);
      }
    });

    const wrong: [object, string][] = [
      [{ pageSize: 1001 }, "page_size"],
      [{ pageSize: -1 }, "page_size"],
      [{ createdBy: "me" }, "created_by"],
      [{ status: 99 as BenchmarkStatus }, "status"],
      [{ orderBy: 99 as BenchmarkOrder }, "order_by"],
      [{ name: "\0" }, "name"],
    ];
    test.each(wrong)("with %j", async (request, field) => {
      await expectFailure(api.listBenchmarks(request), {
        code: Code.InvalidArgument,
        reason: "INVALID_ARGUMENT",
        fields: [field],
      });
    });
  });
});

// JSON has no way to say these.
describe.each(["gRPC", "Connect, binary", "gRPC-Web"] as const)("over %s", (wire) => {
  test.each([
    ["metadata", { metadata: { a: Number.NaN } }],
    ["metrics", { metrics: { a: { b: [Number.POSITIVE_INFINITY] } } }],
    ["results", { results: { kind: { case: "numberValue" as const, value: Number.NaN } } }],
    ["results", { results: { kind: { case: undefined } } }],
    ["results", { results: { kind: { case: "listValue" as const, value: { values: [{}] } } } }],
    ["started_at", { startedAt: { seconds: 999_999_999_999n, nanos: 0 } }],
    ["completed_at", { completedAt: { seconds: 0n, nanos: -1 } }],
  ])("%s that is no JSON, or no time, is refused by its name: %#", async (field, fault) => {
    const api = service.benchmarks(wire);
    const { benchmark } = await api.createBenchmark(sample);
    await expectFailure(api.updateBenchmark({ id: benchmark?.id ?? "", ...fault }), {
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: [field],
    });
  });
});

describe.each(wires)("over %s", (wire) => {
  test("datasets and the values of fields are listed", async () => {
    const api = service.benchmarks(wire);
    const jobs = createClient(JobService, service.transport(wire));
    const [dataset, labels] = [`a dataset of ${wire}`, { wire }];
    const { benchmark } = await api.createBenchmark({ ...sample, dataset, labels });
    const { datasets } = await api.listDatasets({ pageSize: 1000 });
    const found = datasets.find((one) => one.dataset === dataset);
    expect(found).toMatchObject({ benchmarkCount: 1, latestBenchmarkId: benchmark?.id, metrics: [] });
    expect(found?.latestCreatedAt).toEqual(benchmark?.createdAt);
    await api.createBenchmark(sample);
    const { datasets: first, nextPageToken } = await api.listDatasets({ pageSize: 1 });
    const { datasets: rest } = await api.listDatasets({ pageToken: nextPageToken });
    expect([...first, ...rest].map((one) => one.dataset)).toEqual(datasets.map((one) => one.dataset));
    const { nextPageToken: other } = await api.listBenchmarks({ pageSize: 1 });
    const refused = (field: string) => ({
      ...{ code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: [field] },
    });
    await expectFailure(api.listDatasets({ pageToken: other }), {
      ...{ ...refused("page_token"), reason: "INVALID_PAGE_TOKEN" },
    });
    const ask = { field: BenchmarkField.LABEL_VALUE, labelKey: "wire", prefix: wire };
    expect((await api.listBenchmarkFieldValues(ask)).values).toContain(wire);
    expect(
      await api.listBenchmarkFieldValues({ ...ask, field: BenchmarkField.DATASET, labelKey: "" }),
    ).toEqual(expect.objectContaining({ values: [], more: false }));
    await jobs.createJob({ jobType: `a job of ${wire}` });
    const types = { field: JobField.JOB_TYPE, prefix: `a job of ${wire}`, limit: 1 };
    expect((await jobs.listJobFieldValues(types)).values).toEqual([`a job of ${wire}`]);
    await expectFailure(api.listBenchmarkFieldValues({}), refused("field"));
    await expectFailure(jobs.listJobFieldValues({}), refused("field"));
    await expectFailure(jobs.listJobFieldValues({ field: 99 as JobField }), refused("field"));
    await expectFailure(api.listBenchmarkFieldValues({ ...ask, limit: -1 }), refused("limit"));
  });
});
