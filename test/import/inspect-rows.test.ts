import { expect, test } from "vitest";
import { data, readOne } from "./support.ts";

// What `ltb import` makes of logs, which python/tests/test_inspect_log.py holds live runs to.
// `vitest run --update=all FILE` writes the files anew.
test.each([
  ["edges", "inspect_rows/edges.json"],
  ["epochs", "inspect_epochs/epochs.json"],
  ["failed", "inspect/data_cvebench_empty_choices.json"],
  ["limit", "inspect/data_intercode_ctf_local_path.json"],
  ["nul", "inspect/data_cyse2_vuln_exploit_challenges.json"],
  ["choice", "inspect/data_pubmedqa_gpt4o_mini.json"],
])("the rows of %s are those of a live run", async (name, log) => {
  const { benchmark, evaluations: rows } = await readOne(data + log);
  const { evaluations: _, ...rest } = benchmark;
  const text = `${JSON.stringify({ log, benchmark: rest, rows }, null, 1)}\n`;
  await expect(text).toMatchFileSnapshot(`${data}inspect_rows/${name}.rows.json`);
});
