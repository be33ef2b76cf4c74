import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { data, readAll } from "./support.ts";

// What `ltb import` makes of results, which python/tests/test_lm_eval_log.py holds their recording to.
// `vitest run --update=all FILE` writes the files anew.
test.each([
  ["published", "lm_eval"],
  ["filters", "lm_eval_runs"],
])("the rows of %s are those of a run that is recorded", async (name, folder) => {
  const results = (await readdir(data + folder)).find((name) => name.startsWith("results_")) ?? "";
  const found = (await readAll(`${data}${folder}/${results}`)).map(({ benchmark, evaluations: rows }) => {
    const { evaluations: _, ...rest } = benchmark;
    return { benchmark: rest, rows: rows.map(({ unusable: _, ...row }) => row) };
  });
  const text = `${JSON.stringify({ folder, found }, null, 1)}\n`;
  await expect(text).toMatchFileSnapshot(`${data}lm_eval_rows/${name}.rows.json`);
});
