/** One turn of a conversation. */
export interface Turn {
  role: string;
  text: string;
  /** Calls of tools, each with its arguments as text. */
  calls: { name: string; arguments: string }[];
}

/**
 * The turns of a conversation: a list of objects with `role` and `content`, or an object with such a list as
 * `messages`, in the forms of OpenAI, Anthropic and Inspect.
 * @returns undefined if it is none
 */
export function conversationOf(value: object): Turn[] | undefined {
  const list = fieldOf(value, "messages") ?? (fieldOf(value, "role") === undefined ? value : [value]);
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const turns = list.map(turnOf);
  return turns.every((turn) => turn !== undefined) ? turns : undefined;
}

function turnOf(message: unknown): Turn | undefined {
  const role = fieldOf(message, "role");
  if (typeof role !== "string") return undefined;
  const content = fieldOf(message, "content");
  const calls = [...listOf(fieldOf(message, "tool_calls")), ...listOf(content).filter(isToolUse)];
  if (content === undefined && calls.length === 0) return undefined;
  return { role, text: textOf(content), calls: calls.map(callOf) };
}

const isToolUse = (part: unknown) => fieldOf(part, "type") === "tool_use";

function textOf(content: unknown): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return written(content);
  return content
    .filter((part) => !isToolUse(part))
    .map((part) => {
      const text = fieldOf(part, "text") ?? fieldOf(part, "reasoning") ?? part;
      return typeof text === "string" ? text : written(text);
    })
    .join("\n");
}

function callOf(call: unknown): Turn["calls"][number] {
  const called = fieldOf(call, "function");
  const name = typeof called === "string" ? called : (fieldOf(called, "name") ?? fieldOf(call, "name"));
  const given = fieldOf(called, "arguments") ?? fieldOf(call, "arguments") ?? fieldOf(call, "input");
  return { name: String(name ?? "a tool"), arguments: typeof given === "string" ? given : written(given) };
}

const written = (value: unknown): string => JSON.stringify(value, null, 2) ?? "";

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
