import { describe, expect, test } from "vitest";
import { conversationOf } from "../../console/src/parts/texts/conversation.ts";
import { markMathematics } from "../../console/src/parts/texts/dollars.ts";
import { indentJson, parseBranch } from "../../console/src/parts/texts/indent.ts";
import { treeOf, unfoldedAtFirst } from "../../console/src/parts/texts/jsonTree.ts";

describe("mathematics in Markdown", () => {
  test.each([
    ["It costs $5 and $6.", "It costs \\$5 and \\$6."],
    ["from $5-$10", "from \\$5-\\$10"],
    ["$x^2$ is it", "$x^2$ is it"],
    ["\\(a\\) and \\[b\\]", "$a$ and \n$$\nb\n$$\n"],
    ["$$ a $$", "\n$$\na\n$$\n"],
    ["`$HOME` is $5", "`$HOME` is \\$5"],
    ["\\$5 is $6", "\\$5 is \\$6"],
  ])("%j", (text, marked) => expect(markMathematics(text)).toBe(marked));

  test.each(["\\(", "\\[", "$", "$$", "```", "`", "$a\\"])(
    "four times as many of %j take about four times as long",
    (opening) => {
      const timeOf = (characters: number) => {
        const text = opening.repeat(characters / opening.length);
        const begun = process.cpuUsage();
        expect(markMathematics(text).length).toBeGreaterThan(characters / 5);
        const { user, system } = process.cpuUsage(begun);
        return (user + system) / 1_000;
      };
      // Without bounds each would look for its end through all others, which takes 16 times as long. Few
      // milliseconds tell nothing.
      expect(timeOf(200_000)).toBeLessThan(Math.max(8 * timeOf(50_000), 100));
    },
  );
});

describe("JSON", () => {
  test("has a line for each value, and all digits", () => {
    expect(indentJson('{"a":[1,{}],"b": 12345678901234567891.50}')).toBe(
      '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": 12345678901234567891.50\n}',
    );
    expect(indentJson('["a,\\"{b"]')).toBe('[\n  "a,\\"{b"\n]');
  });

  test("that is none is left alone; nesting does not fill the memory", () => {
    expect(indentJson("[1")).toBeUndefined();
    expect(indentJson("12")).toBeUndefined();
    expect(indentJson("[".repeat(50_000) + "]".repeat(50_000))?.length).toBeLessThan(10_000_000);
  });
});

describe("the tree of JSON", () => {
  test("has keys and values as they are written, also those given twice", () => {
    expect(treeOf('{"a": [1e400, {}], "\\u0061": "\\n:{", "א": 12345678901234567891.50, "a": null}')).toEqual(
      {
        isList: false,
        members: [
          {
            key: '"a"',
            value: { isList: true, members: [{ value: "1e400" }, { value: { isList: false, members: [] } }] },
          },
          { key: '"\\u0061"', value: '"\\n:{"' },
          { key: '"א"', value: "12345678901234567891.50" },
          { key: '"a"', value: "null" },
        ],
      },
    );
  });

  test.each(["[1", "12", "", "[1,]"])("%j has none", (text) => expect(parseBranch(text)).toBeUndefined());

  test("any depth, and a string of escapes alone, can be read", () => {
    expect(treeOf("[".repeat(500_000) + "]".repeat(500_000)).members.length).toBe(1);
    expect(treeOf(`["${"\\n".repeat(500_000)}"]`).members).toEqual([{ value: `"${"\\n".repeat(500_000)}"` }]);
  });

  test("the upper levels are unfolded at first, while they are few rows", () => {
    const unfolded = (value: object) =>
      [...unfoldedAtFirst(treeOf(JSON.stringify(value)))].map(({ members }) => members.length);
    expect(unfolded({ a: { b: 1 }, c: Array(200).fill(0), d: [[1, 2]] })).toEqual([3, 1, 1, 2]);
    expect(unfolded(Array(200).fill([1]))).toEqual([200]);
    expect(unfoldedAtFirst(treeOf("[".repeat(50) + "]".repeat(50))).size).toBe(8);
  });
});

describe("conversations", () => {
  test.each([
    ["a list", [{ role: "user", content: "hi" }]],
    ["messages of an object", { messages: [{ role: "user", content: "hi" }] }],
    ["one message", { role: "user", content: [{ type: "text", text: "hi" }] }],
  ])("%s", (_, value) => {
    expect(conversationOf(value)).toEqual([{ role: "user", text: "hi", calls: [] }]);
  });

  test.each([
    ["OpenAI", { content: null, tool_calls: [{ function: { name: "look", arguments: '{"q":1}' } }] }],
    ["Inspect", { content: "", tool_calls: [{ function: "look", arguments: '{"q":1}' }] }],
  ])("calls of tools as %s has them", (_, message) => {
    expect(conversationOf([{ role: "assistant", ...message }])).toEqual([
      { role: "assistant", text: "", calls: [{ name: "look", arguments: '{"q":1}' }] },
    ]);
  });

  test("calls of tools as Anthropic has them", () => {
    const content = [
      { type: "text", text: "well" },
      { type: "tool_use", name: "look", input: { q: 1 } },
    ];
    expect(conversationOf([{ role: "assistant", content }])).toEqual([
      { role: "assistant", text: "well", calls: [{ name: "look", arguments: '{\n  "q": 1\n}' }] },
    ]);
  });

  test.each([[], [1], {}, [{ role: "user" }], [{ role: 1, content: "" }], ["a"]].map((value) => [value]))(
    "%j is none",
    (value) => expect(conversationOf(value)).toBeUndefined(),
  );
});
