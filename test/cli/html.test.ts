import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MetricSummarySchema } from "../../gen/ltb/v1/benchmark_pb.ts";
import { type Evaluation, EvaluationSchema } from "../../gen/ltb/v1/evaluation_pb.ts";
import { fill, Histogram, histogramCharts } from "../../src/cli/html/histogram.ts";
import { intervalChart } from "../../src/cli/html/intervals.ts";
import { escapeText, html } from "../../src/cli/html/markup.ts";
import { metricValue } from "../../src/cli/html/metric.ts";
import { timelineChart } from "../../src/cli/html/timeline.ts";
import { commands, startTestService, temporaryFolder } from "./support.ts";

const HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\u0007";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
let folder: string;
beforeAll(async () => {
  [service, folder] = await Promise.all([startTestService(), temporaryFolder()]);
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
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

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
  const images = text.match(/<svg[^>]*>/g) ?? [];
  expect(images.length).toBeGreaterThan(0);
  for (const image of images) {
    const [, title, desc] = /role="img" aria-labelledby="(\S+) (\S+)"/.exec(image) ?? [];
    expect([text.includes(`<title id="${title}">`), text.includes(`<desc id="${desc}">`)]).toEqual([
      true,
      true,
    ]);
  }
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
      "Verdicts go by &#34;p (Holm)&#34;: better or worse if it is below 0.05 and the mean goes the way of the test.",
    ),
  ).toBe(true);
  expect(text.includes('<td class="number">0 / 60 / 140</td>')).toBe(true);
  expect(/Most regressed: 5 of 60/.test(text)).toBe(true);
  const without = await page("compare", "base", String(candidate), "--samples", "0");
  expect(without).toContain("Most regressed: 0 of 60<");
  expect(without).toContain("Most improved: none<");
  expect(text.includes("<pre>in &#60;/script&#62;&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;")).toBe(
    true,
  );
  expect(/<desc[^>]*>200 values from 0 to 1, mean 0\.5 .*0: 100, 1: 100/.test(text)).toBe(true);
});

test("a summary, with a histogram of every metric", async () => {
  const text = await page("summary", "base");
  check(text);
  expect(text.match(/<svg/g)).toHaveLength(4);
  expect(/<desc[^>]*>200 values from 100 to 299, mean 199\.5 .*Bins of 10\./.test(text)).toBe(true);
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
  const row =
    /<th scope="row" class="text">odd<\/th><td class="text"><span class="worse">▼ worse<\/span><\/td><td class="number">150<\/td>/;
  expect(row.test(compared)).toBe(true);
  const summed = await page("summary", "base", "--group-by", "subject", "--metric", "score");
  check(summed);
  expect(summed.includes("score by subject</h2>")).toBe(true);
  expect(/<th scope="row" class="text">mean of 2 means<\/th>/.test(summed)).toBe(true);
  expect(summed.match(/<svg/g)).toHaveLength(4);
});

test("a comparison of latency, of which lower is better", async () => {
  const names = (await ltb.json("benchmark", "list")).benchmarks;
  const candidate = names.find(({ name }: { name: string }) => name.startsWith("cand"))?.id;
  const text = await page("compare", "base", String(candidate), "--metric", "latency_ms");
  expect(text.includes("Compared by latency (ms), lower is better")).toBe(true);
  expect(text.includes("● no significant difference")).toBe(true);
  // All pairs are tied: that is no interval, and one point no scale.
  expect(/<desc[^>]*>cand .*: 0 \(no interval\), no significant difference\./.test(text)).toBe(true);
  expect(text.includes('<td class="number">0<small></small></td>')).toBe(true);
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
  expect(text.includes("Wilson&#39;s, since every value is 0 or 1")).toBe(true);
  expect(text.includes("ltb compare pairs samples")).toBe(true);
});

test("of a metric those values are drawn that its summary counts", () => {
  const valuesOf = (value: number | boolean | string) => [
    typeof value === "number" && metricValue(create(EvaluationSchema, { score: value }), "score"),
    metricValue(create(EvaluationSchema, { metrics: { mine: value } }), "mine"),
  ];
  expect(valuesOf(9.9e149)).toEqual([9.9e149, 9.9e149]);
  expect(valuesOf(1e150)).toEqual([undefined, undefined]);
  expect(valuesOf(-1e150)).toEqual([undefined, undefined]);
  expect(valuesOf(true)).toEqual([false, 1]);
  expect(valuesOf("3")).toEqual([false, undefined]);
});

test("a page that cannot be written is an error", async () => {
  const { code, stderr } = await ltb.run("summary", "base", "--html", join(folder, "none", "page.html"));
  expect([code, stderr]).toEqual([1, expect.stringContaining("ENOENT")]);
});

describe("parts", () => {
  test("everything put into a template is escaped but HTML itself", () => {
    expect(html`<a title="${'"<&'}">${[html`<b>${"<i>"}</b>`]}${5}</a>`.text).toBe(
      '<a title="&#34;&#60;&#38;"><b>&#60;i&#62;</b>5</a>',
    );
    expect(escapeText("a\u0000\u001b[31m\ud800\u202eb\n")).toBe("a��[31m��b\n");
  });

  async function histogramOf(
    values: number[],
    range = { min: Math.min(...values), max: Math.max(...values) },
  ) {
    async function* chunks(): AsyncGenerator<Evaluation[]> {
      yield values.map((score) => create(EvaluationSchema, { score }));
    }
    const histogram = new Histogram("score", range);
    await fill([histogram], chunks());
    return histogram;
  }

  test("few values are counted one by one, many in bins that hold all of them", async () => {
    expect((await histogramOf([0, 1, 1, 0.5])).values).toEqual(
      new Map([
        [0, 1],
        [1, 2],
        [0.5, 1],
      ]),
    );
    for (const values of [
      Array.from({ length: 1000 }, (_, n) => n / 1000),
      Array.from({ length: 50 }, (_, n) => -(10 ** (n / 5))),
      Array.from({ length: 20 }, (_, n) => 1e-300 * n),
      Array.from({ length: 19 }, (_, n) => 9e149 - n * 1e149),
    ]) {
      const { values: few, counts } = await histogramOf(values);
      expect(few).toBeUndefined();
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
      expect(counts.length).toBeLessThanOrEqual(120);
    }
  });

  test("bins end where the values end, which the last one holds, and bounds are decimals", async () => {
    const hundredths = Array.from({ length: 101 }, (_, n) => n / 100);
    const { start, step, counts } = await histogramOf(hundredths);
    expect([start, step, counts.length]).toEqual([0, 0.05, 20]);
    expect(counts).toEqual([...Array(19).fill(5), 6]);
    const upper = await histogramOf(hundredths.slice(70));
    expect(upper.start + upper.counts.length * upper.step).toBeCloseTo(1, 12);
    expect((await histogramOf([3])).counts).toEqual([1]);
  });

  test("charts of one metric have bars of one kind, and one height for one number", async () => {
    const drawn = async (...all: number[][]) => {
      const range = { min: Math.min(...all.flat()), max: Math.max(...all.flat()) };
      const charts = await histogramCharts(
        await Promise.all(
          all.map(async (values) => {
            const summary = create(MetricSummarySchema, { count: values.length, mean: 0.5 });
            return { histogram: await histogramOf(values, range), summary, title: "t" };
          }),
        ),
      );
      return charts.map(({ text }) => [
        /<desc[^>]*>.*?mean 0\.5\. (.*?)<\/desc>/.exec(text)?.[1],
        // Labels of the axis of counts.
        [...text.matchAll(/>(\d+)<\/text>/g)]
          .map(([, label]) => Number(label))
          .filter((n) => n % 10 === 0 && n > 0)[0],
      ]);
    };
    const [small, large] = await drawn([0, 1], [...Array(50).fill(0), 0.5]);
    expect([small?.[0], large?.[0]]).toEqual(["0: 1, 0.5: 0, 1: 1", "0: 50, 0.5: 1, 1: 0"]);
    expect(small?.[1]).toBe(large?.[1]);
    // The values of one are few, those of both are not.
    const many = Array.from({ length: 40 }, (_, n) => n / 39);
    expect((await drawn([0, 1], many)).map(([words]) => words)).toEqual(["Bins of 0.05.", "Bins of 0.05."]);
  });

  test("an axis of shares ends at 0 and 1, and one of their differences at -1", async () => {
    const of = (low: number) => [{ label: "a", mean: low + 0.2, low, high: low + 0.35, isMarked: false }];
    for (const draw of [
      (low: number) => intervalChart("t", "d", "share", of(low)),
      (low: number) => timelineChart("t", "d", "share", of(low), undefined),
    ])
      for (const low of [0, 0.65, -1]) {
        const labels = [...(await draw(low)).text.matchAll(/>([−\d.]+)<\/text>/g)];
        const ends = labels.map(([, label = ""]) => Number(label.replace("−", "-")));
        const [least, most] = [Math.min(...ends), Math.max(...ends)];
        expect(low > 0 ? most : least).toBe(low > 0 ? 1 : low);
      }
  });

  test("values beyond the range that was told, as those stored since, count at the ends", async () => {
    const { counts } = await histogramOf(
      Array.from({ length: 40 }, (_, n) => n),
      { min: 10, max: 20 },
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
  });
});
