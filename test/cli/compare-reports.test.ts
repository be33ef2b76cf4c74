import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, importModels, startTestService, suitesOf } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  await importModels(ltb);
});
afterAll(() => service.stop());

test("reports for continuous integration: Markdown and JUnit", async () => {
  const folder = temporaryFolder();
  const [markdown, junit] = [join(folder, "a.md"), join(folder, "a.xml")];
  const hostile = "a|b `c` <img src=x> @all\n# \u202e\u0007 && \ud83d\ude00";
  for (const name of [hostile, "other samples"]) {
    const rows = join(folder, "rows.jsonl");
    const scored = (id: string, score: number) => JSON.stringify({ id: `${id}|${name[0]}`, score, o: "o" });
    await writeFile(rows, [scored("x", 1), scored("y", 0)].join("\n"));
    await ltb.json("import", rows, "--map", "input=id,output=o,sample_id=id", "--model", "m", "--name", name);
  }
  const reports = ["--markdown", markdown, "--junit", junit];
  const gates = ["--fail-on-regression", "--fail-unless-no-worse-than", "0.02"];
  const compared = await ltb.run(
    "compare",
    "175b_verification",
    "6b_finetuning",
    hostile,
    ...gates,
    ...reports,
  );
  expect(compared.code).toBe(3);
  expect(compared.stderr).toBe(
    `wrote ${markdown}\nwrote ${junit}\n1 of 2 candidates regressed\n` +
      "1 of 2 candidates have no pairs with the baseline, so nothing is known of them\n" +
      "2 of 2 candidates are not shown to be no worse by 0.02\n",
  );
  const text = await readFile(markdown, "utf8");
  expect(text).toMatch(
    /^\| candidate \| n \|.* \| 95 % CI \| p \(t\) \| .* \| p \(test\) \| p \(Holm\) \| verdict \|$/m,
  );
  expect(text).toMatch(/^### `score` against `175b_verification`$/m);
  expect(text).toMatch(/^\| `6b_finetuning` \| 55 \|.*\| worse \|$/m);
  expect(text).toMatch(/^- `6b_finetuning`: 55 pairs show a difference of /m);
  expect(text).toMatch(/^<details><summary>The worst 5 of \d+ samples that got worse<\/summary>$/m);
  // Each row has as many cells as its table's head, whatever a name holds.
  const cells = (line: string) => line.replaceAll("\\|", "").split("|").length;
  const tables = text.split("\n\n").filter((part) => part.startsWith("|"));
  for (const table of tables) expect(new Set(table.split("\n").map(cells)).size).toBe(1);
  expect(text).toContain("`` a\\|b `c` <img src=x> @all # ");
  expect(await readFile(junit, "utf8")).toMatch(/# \u{fffd}{2} &amp;&amp; \u{1f600}/u);
  expect(suitesOf(await readFile(junit, "utf8"))).toEqual([
    {
      name: "6b_finetuning against 175b_verification",
      failures: ["worse", expect.stringMatching(/^not shown/)],
    },
    { name: expect.stringMatching(/^a\|b `c` <img src=x> @all/), failures: ["no pairs", expect.any(String)] },
  ]);
  expect((await ltb.run("compare", "6b_finetuning", "175b_verification", "--junit", junit)).code).toBe(0);
  expect(suitesOf(await readFile(junit, "utf8"))).toMatchObject([{ failures: [] }]);
});
