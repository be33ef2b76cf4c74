/** A series that an expression selects. */
export interface Selector {
  metric: string;
  matchers: { label: string; operator: "=" | "!=" | "=~" | "!~"; value: string }[];
}

export interface Expression {
  selectors: Selector[];
  /** Labels that it groups by or that its aggregations keep. */
  groupedBy: string[];
}

const functions = new Set(
  "sum max min avg count topk rate increase histogram_quantile min_over_time max_over_time time".split(" "),
);
const grouping = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);
const words = new Set(["and", "or", "unless", "bool"]);

const token =
  /\s+|(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?<range>\[[^\]]+\])|(?<text>"(?:[^"\\]|\\.)*")|(?<sign>=~|!~|!=|==|>=|<=|[-+*/%(){},=<>])/y;

/**
 * What a PromQL expression asks for. It knows as much of the grammar as the files of deploy/ use, and throws
 * at the rest, so that a mistyped function is no metric.
 */
export function parsePromQl(expression: string): Expression {
  const tokens = [...tokensOf(expression)];
  const result: Expression = { selectors: [], groupedBy: [] };
  const depth: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at] ?? { kind: "", text: "" };
    const next = tokens[at + 1]?.text;
    if (text === "(") depth.push(")");
    else if (text === ")") {
      if (depth.pop() !== text) throw new Error(`brackets of ${expression}`);
    } else if (kind !== "name" || words.has(text)) continue;
    else if (grouping.has(text)) {
      const end = tokens.findIndex((one, index) => index > at && one.text === ")");
      for (const label of tokens.slice(at + 2, end))
        if (label.kind === "name") result.groupedBy.push(label.text);
      at = end;
    } else if (functions.has(text)) {
      if (next !== "(" && !grouping.has(next ?? ""))
        throw new Error(`${text} takes arguments: ${expression}`);
    } else {
      if (next === "(") throw new Error(`no function ${text}: ${expression}`);
      const selector: Selector = { metric: text, matchers: [] };
      result.selectors.push(selector);
      if (next !== "{") continue;
      at += 2;
      for (; tokens[at]?.text !== "}"; at++) {
        const [label, operator, value] = tokens.slice(at, at + 3);
        if (label?.kind !== "name" || value?.kind !== "text" || !/^(=|!=|=~|!~)$/.test(operator?.text ?? ""))
          throw new Error(`matchers of ${expression}`);
        const how = operator?.text as Selector["matchers"][number]["operator"];
        selector.matchers.push({ label: label.text, operator: how, value: JSON.parse(value.text) });
        at += 2;
        if (tokens[at + 1]?.text === ",") at++;
      }
    }
  }
  if (depth.length > 0) throw new Error(`brackets of ${expression}`);
  return result;
}

function* tokensOf(expression: string): Generator<{ kind: string; text: string }> {
  token.lastIndex = 0;
  while (token.lastIndex < expression.length) {
    const { lastIndex } = token;
    const match = token.exec(expression);
    if (!match) throw new Error(`no PromQL at ${lastIndex}: ${expression}`);
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    if (kind) yield { kind, text: match[0] };
  }
}
