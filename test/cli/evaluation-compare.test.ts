import { afterAll, beforeAll, expect, test } from "vitest";
import { commands, importModels, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  await importModels(ltb);
});
afterAll(() => service.stop());

test("samples by what became of them, with their values in each benchmark", async () => {
  const compared = (...args: string[]) =>
    ltb.json("evaluation", "compare", "6b_finetuning", "175b_verification", ...args);
  const { comparisons } = await ltb.json("compare", "6b_finetuning", "175b_verification");
  const regressed = await compared("--only", "regressed", "--limit", "1000");
  expect(regressed).toMatchObject({ benchmark_ids: { length: 2 }, more: false });
  expect(regressed.samples).toHaveLength(comparisons[0].losses);
  expect(regressed.samples.map(({ sample_id }: { sample_id: string }) => sample_id)).toEqual(
    comparisons[0].regressed.map(({ sample_id }: { sample_id: string }) => sample_id),
  );
  const wrong = await ltb.run(
    ...["evaluation", "compare", "6b_finetuning", "6b_verification", "175b_verification"],
    ...["--only", "both_wrong", "--limit", "2"],
  );
  expect(wrong.stdout).toMatch(/^sample +difference +6b_finetuning +6b_verification +175b_verification\n/);
  expect(wrong.stdout).toMatch(/\n\d+ +0 +0 +0 +0\n\d+ +0 +0 +0 +0\n$/);
  expect(wrong.stderr).toContain("note: there are more");
  expect((await compared("--only", "both_wrong", "--threshold", "0")).samples).toEqual([]);
  expect((await compared("--only", "improved", "--lower-is-better")).samples).toEqual(regressed.samples);
});

test("samples of a metric that nothing has, and of a baseline with itself, are refused", async () => {
  const run = (...args: string[]) => ltb.run("evaluation", "compare", "6b_finetuning", ...args);
  expect((await run("6b_verification", "--metric", "scor")).stderr).toContain(
    "has no values of scor; there are",
  );
  expect(await run("6b_finetuning")).toMatchObject({ code: 2 });
  expect((await run("6b_verification", "--only", "worse")).stderr).toContain("regressed");
});
