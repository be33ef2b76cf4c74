import { describe, expect, test } from "vitest";
import { evaluate, parseFieldMap, show } from "../../src/import/field-map.ts";
import { ImportError } from "../../src/import/import-error.ts";
import type { JsonObject } from "../../src/validation.ts";

const record: JsonObject = {
  preference: 1.75,
  time: 2,
  ok: true,
  nothing: null,
  text: "hello",
  "a-b": { "c d": 7 },
  "175b_verification": { is_correct: false, steps: [{ n: 3 }, { n: 5 }] },
  prüfung: 4,
};

function value(expression: string) {
  const parsed = parseFieldMap(`score=${expression}`).fields.get("score");
  if (!parsed) throw new Error("no score");
  return evaluate(parsed, record, { file: "log" });
}

describe("expressions", () => {
  test.each([
    ["preference-1", 0.75],
    ["preference - 1", 0.75],
    ["1-preference", -0.75],
    ["-preference", -1.75],
    ["--preference", 1.75],
    ["2+3*4", 14],
    ["(2+3)*4", 20],
    ["12/4/3", 1],
    ["10-4-3", 3],
    ["2*-3", -6],
    ["time*1e3", 2000],
    [".5*time", 1],
    ["1.5e+1", 15],
    ["ok*100", 100],
    ["ok", true],
    ["text", "hello"],
    ["'it''s, a = text'", "it's, a = text"],
    ["`a-b`.`c d`", 7],
    ["`a-b`.`c d`-1", 6],
    ["175b_verification.is_correct", false],
    ["175b_verification.is_correct+0", 0],
    ["175b_verification.steps[1].n", 5],
    ["175b_verification.steps.0.n", 3],
    ["prüfung/2", 2],
    ["nothing", null],
    ["nothing+1", null],
    ["missing*2", null],
    ["missing", undefined],
    ["text.length", undefined],
    ["175b_verification.steps[9].n", undefined],
    ["constructor", undefined],
    ["__proto__", undefined],
    ["1/0", Number.POSITIVE_INFINITY],
  ])("%s", (expression, expected) => {
    expect(value(expression)).toEqual(expected);
  });

  test("arithmetic over a text names the field and what was found", () => {
    expect(() => value("text*2")).toThrow(/text: expected a number, found a string/);
    expect(() => value("175b_verification+1")).toThrow(/expected a number, found an object/);
  });

  test("shows itself in its own notation", () => {
    const map = parseFieldMap("score=-(a.b[0]+1)*'x'");
    const expression = map.fields.get("score");
    expect(expression && show(expression)).toBe("(-(a.b.0 + 1) * 'x')");
  });
});

describe("maps", () => {
  test("targets, metrics and white space", () => {
    const map = parseFieldMap("input = q , metrics.length=usage.total/4,metrics.`a b`=x,metrics.rouge.l=y");
    expect([...map.fields.keys()]).toEqual(["input"]);
    expect([...map.metrics.keys()]).toEqual(["length", "a b", "rouge.l"]);
  });

  test("a comma within a text does not end the expression", () => {
    const map = parseFieldMap("model='a,b',input=q");
    expect(map.fields.get("model")).toEqual({ kind: "literal", value: "a,b" });
    expect(map.fields.get("input")).toEqual({ kind: "path", path: ["q"] });
  });

  test.each([
    ["", /column 1 .*expected a name/],
    ["input", /column 6 .*expected =/],
    ["input=", /column 7 .*expected a name/],
    ["inputs=a", /column 1 .*unknown target inputs; known are sample_id/],
    ["input=a b", /column 8 .*expected an operator, a comma or the end/],
    ["score=(a+1", /expected \)/],
    ["score=a+", /expected a name/],
    ["score=a[b]", /expected an index/],
    ["score='abc", /expected a name/],
    ["score=a;process.exit()", /column 8/],
    ["score=f(1)", /column 8/],
    ["input=a,", /expected a name/],
    [`score=${"(".repeat(100_000)}`, /more than 50 levels/],
  ])("%#: what is wrong is named with its column", (source, message) => {
    expect(() => parseFieldMap(source)).toThrow(ImportError);
    expect(() => parseFieldMap(source)).toThrow(message);
  });

  test("a long run of signs is no deep nesting", () => {
    const map = parseFieldMap(`score=${"-".repeat(100_001)}1`);
    const expression = map.fields.get("score");
    expect(expression && evaluate(expression, {}, { file: "" })).toBe(-1);
  });
});
