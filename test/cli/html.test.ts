import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Block } from "../../src/cli/html/document.ts";
import { loadPages } from "../../src/cli/html/write-page.ts";
import { barriers, browser, program } from "../console/browser.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService } from "./support.ts";

const HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\u0007";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
const folder = temporaryFolder();
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  for (const [name, share] of [
    ["base", 0.5],
    [`cand ${HOSTILE}`, 0.2],
  ] as const) {
    const rows = Array.from({ length: 200 }, (_, n) =>
      JSON.stringify({
        sample_id: n === 0 ? HOSTILE.slice(0, -1) : `s${n}`,
        input: `in ${HOSTILE.slice(0, -1)}`,
        output: `out ${HOSTILE.slice(0, -1)}`,
        score: n < 200 * share ? 1 : 0,
        subject: n % 4 === 0 ? HOSTILE.slice(0, -1) : "odd",
        latency_ms: 100 + n,
      }),
    );
    const path = join(folder, `rows-${share}.jsonl`);
    await writeFile(path, rows.join("\n"));
    await ltb.json(
      "import",
      path,
      "--name",
      name,
      "--dataset",
      `set ${HOSTILE}`,
      "--model",
      HOSTILE,
      "--provider",
      "p",
    );
  }
});
afterAll(() => service.stop());

async function page(...args: string[]): Promise<string> {
  const path = join(folder, "page.html");
  const { code, stderr } = await ltb.run(...args, "--html", path);
  expect([code, stderr]).toEqual([0, expect.stringContaining("wrote ")]);
  return readFile(path, "utf8");
}

/**
 * What every page must be: whole in itself, without script, with every image described, and with nothing
 * hostile alive.
 */
function check(text: string): void {
  expect(text.startsWith("<!doctype html>")).toBe(true);
  const found = [
    /<(script|img|link|iframe|object)/i,
    /<[^>]*\s(on\w+|src|href)=/i,
    /javascript:|@import|url\(/i,
  ].filter((pattern) => pattern.test(text.replaceAll(/="[^"]*"/g, '=""')));
  expect(found).toEqual([]);
  // Colours come from the page, so that they follow light and dark.
  expect(/(fill|stroke)="#/.test(text)).toBe(false);
  expect(/https?:/.test(text.replaceAll(/http:\/\/www\.w3\.org\/\d+\/\w+/g, ""))).toBe(false);
  expect(["\u202e", "\u0007"].filter((character) => text.includes(character))).toEqual([]);
  // Each chart is drawn wide and narrow, has a name, and its figures are in a table behind it.
  const charts = text.match(/<figure.*?<\/figure>/g) ?? [];
  expect(charts.length).toBeGreaterThan(0);
  for (const chart of charts)
    expect(chart).toMatch(
      /^<figure class="chart">(<svg class="(wide|narrow)"[^>]* role="img" aria-label="[^"]+">.*?<\/svg>){2}(<figcaption>.*)?<details><summary>Figures of .*<\/table>/,
    );
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const tag of ["section", "table", "figure", "svg", "details", "div"])
    expect([tag, text.match(new RegExp(`<${tag}[ >]`, "g"))?.length]).toEqual([
      tag,
      text.match(new RegExp(`</${tag}>`, "g"))?.length,
    ]);
  expect(text.length).toBeLessThan(200_000);
}

test("a comparison, with the samples that changed most", async () => {
  const names = (await ltb.json("benchmark", "list")).benchmarks.map(
    ({ id, name }: { id: string; name: string }) => [name, id],
  );
  const [, candidate] = names.find(([name]: string[]) => name?.startsWith("cand")) ?? [];
  const text = await page("compare", "base", String(candidate));
  expect(text).toMatch(/\d+ pairs show a difference of [\d.e-]+ or more with a probability of 80 %/);
  check(text);
  expect(text.includes("▼ worse")).toBe(true);
  // Each mean has its interval with it, and every p-value its test.
  expect(text.includes('<td class="number">0.5<small>0.431 to 0.569</small></td>')).toBe(true);
  expect(/<th[^>]*>p \(t\)<\/th><th[^>]*>p \(test\)<\/th><th[^>]*>p \(Holm\)<\/th>/.test(text)).toBe(true);
  expect(
    text.includes(
      "Verdicts go by &quot;p (Holm)&quot;: better or worse if it is below 0.05 and the mean goes the way of the test.",
    ),
  ).toBe(true);
  expect(text.includes('<td class="number">0 / 60 / 140</td>')).toBe(true);
  expect(/Most regressed: 5 of 60/.test(text)).toBe(true);
  const without = await page("compare", "base", String(candidate), "--samples", "0");
  expect(without).toContain("Most regressed: 0 of 60<");
  expect(without).toContain("Most improved: none<");
  expect(text).toContain("<pre>in &lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;");
  // Histograms stand on the same axes, though the one has 160 values in a bar and the other 100.
  const [first, second] = text.match(/<div class="card">.*?<\/figure>/g) ?? [];
  expect(rowsOf(first)).toEqual(["0 0 100", "1 1 100"]);
  expect(rowsOf(second)).toEqual(["0 0 160", "1 1 40"]);
  expect(labelsOf(first)).toEqual(expect.arrayContaining(["150", "evaluations", "mean 0.5"]));
  expect(labelsOf(second)).toEqual(expect.arrayContaining(["150", "160", "40", "mean 0.2"]));
});

test("a summary, with a histogram of every metric", async () => {
  const text = await page("summary", "base");
  check(text);
  const [score, latency] = text.match(/<div class="card">.*?<\/figure>/g) ?? [];
  expect(rowsOf(score)).toEqual(["0 0 100", "1 1 100"]);
  expect(rowsOf(latency)).toEqual(
    Array.from({ length: 20 }, (_, bin) => `${100 + 10 * bin} ${110 + 10 * bin} 10`),
  );
  expect(labelsOf(latency)).toContain("mean 199.5");
  expect(text.includes("latency (ms)")).toBe(true);
  expect(text.includes("latency_ms")).toBe(false);
  expect(text.includes("Percentiles are exact.")).toBe(true);
  expect(text.includes("200 evaluations, 0 with an error. <code>")).toBe(true);
});

test("groups by a key, on both pages", async () => {
  const names = (await ltb.json("benchmark", "list")).benchmarks;
  const candidate = names.find(({ name }: { name: string }) => name.startsWith("cand"))?.id;
  const compared = await page("compare", "base", String(candidate), "--group-by", "subject");
  check(compared);
  expect(compared.includes("by subject</h2>")).toBe(true);
  expect(/adjusted for the 2 groups with pairs of all candidates together/.test(compared)).toBe(true);
  expect(compared).toContain(
    '<th scope="row">odd</th><td><strong class="nowrap text-bad">▼ worse</strong></td><td class="number">150</td>',
  );
  const summed = await page("summary", "base", "--group-by", "subject", "--metric", "score");
  check(summed);
  expect(summed.includes("score by subject</h2>")).toBe(true);
  expect(summed).toContain('<th scope="row">mean of 2 means</th>');
  expect(summed.match(/<figure/g)).toHaveLength(2);
});

test("a comparison of latency, of which lower is better", async () => {
  const names = (await ltb.json("benchmark", "list")).benchmarks;
  const candidate = names.find(({ name }: { name: string }) => name.startsWith("cand"))?.id;
  const text = await page("compare", "base", String(candidate), "--metric", "latency_ms");
  expect(text.includes("Compared by latency (ms), lower is better")).toBe(true);
  expect(text.includes("● no significant difference")).toBe(true);
  // All pairs are tied: that is no interval, and one point no scale.
  const [chart] = text.match(/<figure.*?<\/figure>/) ?? [];
  expect(rowsOf(chart)).toEqual([expect.stringMatching(/^cand .* 0 – –$/)]);
  expect(chart).not.toContain('class="whisker"');
  expect(text).toContain('<td class="number">0</td>');
  expect(text.includes("the differences of all 200 pairs are the same, so that there is no interval")).toBe(
    true,
  );
  expect(text.includes("0.000000")).toBe(false);
});

test("a comparison without a pair", async () => {
  const path = join(folder, "other.jsonl");
  await writeFile(path, JSON.stringify({ sample_id: "other", input: "i", output: "o", score: 1 }));
  await ltb.json("import", path, "--name", "other", "--dataset", "other", "--model", "m");
  const text = await page("compare", "base", "other");
  check(text);
  expect(text.includes("other: no sample has a value on both sides, so that nothing can be told.")).toBe(
    true,
  );
  expect(text.includes("There are no pairs to draw.")).toBe(true);
  expect(text.includes("There is nothing to test.")).toBe(true);
  expect(text.includes("0.000000")).toBe(false);
});

test("a leaderboard", async () => {
  const text = await page("leaderboard", `set ${HOSTILE}`);
  check(text);
  expect(text.includes("2 ranked by mean score, highest first; 2 shown.")).toBe(true);
  expect(text.includes("Wilson&#x27;s, since every value is 0 or 1")).toBe(true);
  expect(text.includes("ltb compare pairs samples")).toBe(true);
});

test("a history", async () => {
  const text = await page("history", `set ${HOSTILE}`);
  check(text);
  expect(text).toContain("2 runs by mean score, oldest first.");
  const [chart] = text.match(/<figure.*?<\/figure>/) ?? [];
  expect(chart).toContain('<g class="bad"><line class="change"');
  expect(rowsOf(chart)).toHaveLength(3);
});

test("a benchmark without evaluations", async () => {
  await ltb.json("benchmark", "create", "empty", "--provider", "p", "--model", "m", "--dataset", "empty");
  const text = await page("summary", "empty");
  expect(text).toContain("<h1>empty</h1>");
  expect(text).not.toContain("<figure");
});

test("a page that cannot be written is an error", async () => {
  const { code, stderr } = await ltb.run("summary", "base", "--html", join(folder, "none", "page.html"));
  expect([code, stderr]).toEqual([1, expect.stringContaining("ENOENT")]);
});

test("without what lays pages out, the error says what to run", async () => {
  const empty = join(folder, "empty");
  await expect(loadPages(empty)).rejects.toThrow(
    `what lays pages out is missing: ${join(empty, "dist/pages.js")}. In a checkout run npm ci and npm run build:console`,
  );
});

describe.skipIf(!program)("in a browser", () => {
  const { open } = browser();

  test.each([
    ["summary", "base", "--group-by", "subject"],
    ["compare", "base", "other"],
    ["leaderboard", `set ${HOSTILE}`],
    ["history", `set ${HOSTILE}`],
  ])("the page of %s can be read by everybody, in both themes, wide and narrow", async (...args) => {
    await page(...args);
    for (const look of [
      { theme: "light", width: 1280 },
      { theme: "dark", width: 390 },
    ] as const) {
      const shown = await open(pathToFileURL(join(folder, "page.html")).href, look);
      expect(await barriers(shown)).toEqual([]);
      // Of the two drawings of a chart one is shown.
      const drawings = await shown.locator("figure svg").count();
      expect(await shown.locator("figure svg:visible").count()).toBe(drawings / 2);
    }
  });
});

/** The rows of the table behind a chart, cells apart by a blank. */
function rowsOf(chart = ""): string[] {
  const [, body = ""] = /<tbody>(.*)<\/tbody>/.exec(chart) ?? [];
  return [...body.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = ""]) =>
    row.replaceAll(/<\/td><td>/g, " ").replaceAll(/<[^>]+>/g, ""),
  );
}

/** What is written in the drawings of a chart. */
function labelsOf(chart = ""): string[] {
  return [...chart.matchAll(/<text[^>]*>([^<]*)</g)].map(([, label = ""]) => label);
}

describe("charts", async () => {
  const { pageText } = await loadPages();
  const draw = (...body: Block[]) => {
    const text = pageText({ title: "t", lead: "l", sections: [{ title: "s", body }] });
    return text.match(/<figure.*?<\/figure>/g) ?? [];
  };
  const numbersOf = (chart = "") =>
    labelsOf(chart)
      .map(Number)
      .filter((label) => !Number.isNaN(label));

  test("an axis of shares ends at 0 and 1, and one of their differences at -1", () => {
    for (const low of [0, 0.65, -1]) {
      const row = { name: "a", value: low + 0.2, low, high: low + 0.35 };
      const [across, up] = draw(
        { kind: "intervals", chart: { title: "t", rows: [row] } },
        { kind: "timeline", chart: { title: "t", moments: [{ ...row, time: "2026-01-02 03:04" }] } },
      );
      for (const ends of [across, up].map(numbersOf)) {
        expect(ends.length).toBeGreaterThan(3);
        expect(low > 0 ? Math.max(...ends) : Math.min(...ends)).toBe(low > 0 ? 1 : low);
      }
    }
  });

  test("what may be anything is dotted to the ends of the chart, and has no number", () => {
    const reach = { low: -Infinity, high: Infinity };
    const row = { name: "a", value: 0.5, low: 0.4, high: 0.6, reach, time: "2026-01-02 03:04" };
    const [across = "", up = ""] = draw(
      { kind: "intervals", chart: { title: "t", rows: [row] } },
      { kind: "timeline", chart: { title: "t", moments: [row], level: row } },
    );
    expect(rowsOf(across)).toEqual(["a 0.5 0.4 0.6 – –"]);
    expect(across).toMatch(/<line class="reach" x1="228" x2="840"/);
    expect(up).toMatch(/<line class="reach" [^>]*y1="260" y2="24"/);
    expect(across + up).not.toMatch(/NaN|Infinity/);
  });

  test("better and worse differ in their shape, and one that is not settled is an outline", () => {
    const moment = { name: "a", value: 0.5, time: "2026-01-02 03:04" };
    const [chart = ""] = draw({
      kind: "timeline",
      chart: {
        title: "t",
        moments: [moment, { ...moment, tone: "good", isUnsettled: true }, { ...moment, tone: "bad" }],
      },
    });
    const shapes = [...chart.matchAll(/<g(?: class="([^"]*)")?><(circle|path) class="point"/g)];
    expect(shapes.slice(0, 3).map(([, tone, shape]) => [tone, shape])).toEqual([
      [undefined, "circle"],
      ["good open", "path"],
      ["bad", "path"],
    ]);
  });

  test("a long name is cut between characters", () => {
    const [chart = ""] = draw({
      kind: "intervals",
      chart: { title: "t", rows: [{ name: "🚀".repeat(60), value: 1 }] },
    });
    expect(chart).toMatch(/>(🚀)+…<title>(🚀){60}<\/title>/u);
    expect(chart).not.toContain("�");
  });

  test("nothing to draw is drawn as nothing", () => {
    const charts = draw(
      { kind: "intervals", chart: { title: "t", rows: [] } },
      { kind: "timeline", chart: { title: "t", moments: [] } },
      { kind: "histograms", charts: [{ title: "t", bins: [] }] },
    );
    expect(charts).toHaveLength(3);
    for (const chart of charts) expect(chart).not.toMatch(/NaN|Infinity/);
  });
});
