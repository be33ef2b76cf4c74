import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withOrigin } from "../src/call-scope.ts";
import { failure } from "../src/jobs/input.ts";
import { countCharacters, cutBytes, cutText } from "../src/text.ts";
import { parseInput } from "../src/validation.ts";
import { testDatabase } from "./harness/database.ts";
import { unknownId } from "./harness/examples.ts";
import { output } from "./import/promptfoo-fixture.ts";
import { readAll, temporary } from "./import/support.ts";

const { db } = await testDatabase();
const emoji = (count: number) => "😀".repeat(count);
const text = fc.string({ unit: "binary", maxLength: 40 });
const most = fc.nat(50);

test("characters are code points, and a cut is between two of them", () => {
  fc.assert(
    fc.property(text, most, (given, count) => {
      const characters = [...given];
      expect(countCharacters(given)).toBe(characters.length);
      expect(cutText(given, count)).toBe(characters.slice(0, count).join(""));
    }),
  );
});

test("as many characters as fit into so many bytes", () => {
  fc.assert(
    fc.property(text, most, (given, bytes) => {
      const cut = cutBytes(given, bytes);
      const next = [...given].slice(0, countCharacters(cut) + 1).join("");
      expect(given.startsWith(cut) && Buffer.byteLength(cut) <= bytes).toBe(true);
      expect(cut === given || Buffer.byteLength(next) > bytes).toBe(true);
    }),
  );
});

const benchmark = { name: "n", provider: "p", model: "m", dataset: "d" };
const evaluation = { input: "i", output: "o" };
const limited: [field: string, most: number, write: (text: string) => Promise<unknown>][] = [
  ["name", 255, (name) => db.benchmarks.create({ ...benchmark, name })],
  ["provider", 100, (provider) => db.benchmarks.create({ ...benchmark, provider })],
  ["dataset", 255, (dataset) => db.benchmarks.create({ ...benchmark, dataset })],
  ["labels", 255, (value) => db.benchmarks.create({ ...benchmark, labels: { value } })],
  ["sample_id", 255, (sampleId) => store({ sampleId })],
  ["model", 255, (model) => store({ model })],
  ["job_type", 100, (jobType) => db.jobs.create({ jobType })],
  ["limit_key", 255, (limitKey) => db.jobs.create({ jobType: "t", limitKey })],
  ["unique_key", 255, (uniqueKey) => db.jobs.create({ jobType: "t", uniqueKey })],
  ["required_tags", 100, (tag) => db.jobs.create({ jobType: "t", requiredTags: [tag] })],
  ["worker_id", 255, (workerId) => db.workers.register({ workerId })],
  ["version", 100, (version) => db.workers.register({ workerId: "w", version })],
  ["username", 100, (username) => db.users.create({ username, email: "u@example.com" })],
  ["entity_id", 255, (entityId) => db.audit.create({ action: "a", entityType: "t", entityId })],
];

async function store(given: object): Promise<unknown> {
  const { id } = await db.benchmarks.create(benchmark);
  return db.evaluations.create({ benchmarkId: id, ...evaluation, ...given });
}

test.each(limited)("%s takes %d characters, of whatever size", async (field, most, write) => {
  await write(emoji(most));
  await expect(write(emoji(most + 1))).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [
      { field: expect.stringMatching(`^${field}`), description: expect.stringMatching(` ${most} `) },
    ],
  });
});

const long: [field: string, write: (text: string) => Promise<unknown>][] = [
  ["description", (description) => db.benchmarks.create({ ...benchmark, description })],
  ["error", (error) => store({ error })],
  ["error", (error) => db.benchmarks.create(benchmark).then(({ id }) => db.benchmarks.update(id, { error }))],
];

test.each(long)("%s takes 64 KiB", async (field, write) => {
  await write(emoji(16_384));
  await expect(write(`${emoji(16_384)}x`)).rejects.toMatchObject({
    violations: [{ field, description: expect.stringMatching("65536 bytes, has 65537") }],
  });
});

test("the error of an attempt is cut to 64 KiB between two characters, because its worker would lose it", () => {
  const { error } = parseInput(failure, { jobId: unknownId, epoch: 1, error: emoji(20_000) });
  expect(Buffer.byteLength(error)).toBeLessThanOrEqual(65_536);
  expect(Buffer.byteLength(error)).toBeGreaterThan(65_000);
  expect(error.isWellFormed()).toBe(true);
});

test("what an import has to cut ends with a whole character", async () => {
  const description = `z${emoji(300)}`;
  const given = { ...output, config: { ...output.config, description } };
  const [first] = await readAll(await temporary("output.json", JSON.stringify(given)));
  expect(first?.benchmark).toMatchObject({ dataset: `z${emoji(254)}`, name: `z${emoji(254)}` });
});

test("what is recorded of a caller ends with a whole character", async () => {
  const origin = { actor: `z${emoji(300)}`, userAgent: `z${emoji(2_000)}` };
  const { id } = await withOrigin(origin, () => db.benchmarks.create(benchmark));
  const [entry] = (await db.audit.list({ entityType: "benchmark", entityId: id })).items;
  expect(entry).toMatchObject({ actor: `z${emoji(254)}`, userAgent: `z${emoji(1_023)}` });
});
