import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLatest } from "../../src/cli/shared/selector.ts";
import { commands, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
});
afterAll(() => service.stop());

async function newBenchmark(name: string, dataset: string, ...options: string[]): Promise<string> {
  const where = ["--provider", "acme", "--model", "m", "--dataset", dataset];
  return (await ltb.json("benchmark", "create", name, ...where, ...options)).id;
}

const idOf = async (reference: string) => (await ltb.json("benchmark", "show", reference)).id;

describe("latest:DATASET,…", () => {
  test("is the newest that matches every filter", async () => {
    const onMain = ["--label", "branch=main"];
    const older = await newBenchmark("older", "gsm8k", ...onMain);
    const done = await newBenchmark("done", "gsm8k", ...onMain);
    const trial = await newBenchmark("trial", "gsm8k", "--label", "branch=trial");
    await ltb.json("benchmark", "update", older, "--status", "completed");
    expect(await idOf("latest:gsm8k")).toBe(trial);
    expect(await idOf("latest:gsm8k,label.branch=main")).toBe(done);
    expect(await idOf("latest:gsm8k,label.branch=main,status=completed,provider=acme,model=m")).toBe(older);
    expect(await idOf("latest:gsm8k,name=done,created-after=2020-01-01")).toBe(done);
  });

  test("names datasets and labels with commas, equals signs and backslashes, in any script", async () => {
    const dataset = "数据集, a=b\\c";
    const id = await newBenchmark("any", dataset, "--label", "ветка,=x,y=z", "--label", "empty=");
    expect(await idOf("latest:数据集\\, a=b\\\\c,label.ветка\\,=x\\,y=z,label.empty=")).toBe(id);
    expect(await idOf("latest:数据集\\, a\\=b\\\\c")).toBe(id);
  });

  test("that matches nothing is an error with what was looked for", async () => {
    const { code, stdout, stderr } = await ltb.run("summary", "latest:gsm8k,label.branch=none");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: no benchmark matches "latest:gsm8k,label.branch=none"; .*benchmark list/);
  });

  test("leaves a name that begins so reachable by id, and may name what is deleted", async () => {
    const id = await newBenchmark("latest:other", "odd");
    expect(await idOf(id)).toBe(id);
    expect((await ltb.run("benchmark", "show", "latest:other")).code).toBe(1);
    await newBenchmark("again", "odd");
    expect(await ltb.json("benchmark", "delete", "latest:odd,name=latest:other", "--yes")).toEqual({
      deleted: id,
    });
  });

  test.each([
    ["latest:", "names no dataset"],
    ["latest:,model=m", "names no dataset"],
    ["latest:d,model", 'has no value for "model"'],
    ["latest:d,model=", 'has no value for "model"'],
    ["latest:d,", 'has no value for ""'],
    ["latest:d,branch=main", 'has "branch", which is none of name, provider, model, status, created-by'],
    ["latest:d,__proto__=x", 'has "__proto__", which is none of'],
    ["latest:d,model=a,model=b", 'names "model" twice'],
    ["latest:d,status=done", "has a wrong status. Expected one of pending, running"],
    ["latest:d,created-after=soon", "has a wrong created-after. Expected a time such as"],
  ])("%s is wrong usage", async (reference, problem) => {
    expect(() => parseLatest(reference)).toThrow(problem);
    expect((await ltb.run("summary", reference)).code).toBe(2);
  });

  test("a label may have any name", () => {
    expect(Object.entries(parseLatest("latest:d,label.__proto__=x").labels ?? {})).toEqual([
      ["__proto__", "x"],
    ]);
  });
});

test("datasets are listed with what is on them", async () => {
  const benchmark = await newBenchmark("first", "列表");
  const { stdout } = await ltb.run("datasets");
  expect(stdout).toMatch(/^dataset +benchmarks +latest +created \(UTC\) +metrics\n/);
  expect(stdout).toMatch(/^列表 +1 +first +\d{4}-/m);
  const { datasets, more } = await ltb.json("datasets");
  expect(more).toBe(false);
  expect(datasets).toContainEqual(
    expect.objectContaining({ dataset: "列表", benchmark_count: 1, latest_benchmark_id: benchmark }),
  );
});

describe("a pinned baseline", () => {
  test("is set, shown, named by its dataset, and unset", async () => {
    const id = await newBenchmark("pinned", "a,b=c");
    expect(await ltb.json("baseline", "set", "pinned")).toMatchObject({ dataset: "a,b=c", benchmark_id: id });
    const { stdout } = await ltb.run("baseline", "show", "a,b=c");
    expect(stdout).toMatch(/^dataset +baseline +id +pinned \(UTC\)\na,b=c +pinned +\S{36} +\d{4}-/);
    expect((await ltb.json("baseline", "show")).baselines).toHaveLength(1);
    expect(await idOf("baseline:a,b=c")).toBe(id);
    expect((await ltb.run("baseline", "unset", "a,b=c")).stdout).toBe("a,b=c has no baseline\n");
    expect((await ltb.run("baseline", "unset", "a,b=c")).code).toBe(0);
    expect((await ltb.json("baseline", "show")).baselines).toEqual([]);
  });

  test("that is not there is an error that says how to pin one, also after its benchmark was deleted", async () => {
    await newBenchmark("short", "brief");
    await ltb.json("baseline", "set", "latest:brief");
    await ltb.json("benchmark", "delete", "baseline:brief", "--yes");
    for (const dataset of ["brief", "nosuch"]) {
      const { code, stderr } = await ltb.run("compare", `baseline:${dataset}`, "short");
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^error: dataset "${dataset}" has no baseline; .*baseline set`));
    }
    expect((await ltb.run("baseline", "show", "brief")).code).toBe(1);
    expect((await ltb.run("summary", "baseline:")).code).toBe(2);
  });
});
