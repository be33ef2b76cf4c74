import { parseConversation, type Turn } from "../../parts/texts/conversation.ts";
import { type JsonBranch, parseJsonTree } from "../../parts/texts/jsonTree.ts";

/** The ways to look at texts, as the address of the page names them; the first is meant by none. */
export const views = [
  ["", "Text"],
  ["markdown", "Markdown"],
  ["json", "JSON"],
  ["chat", "Chat"],
  ["diff", "Difference"],
] as const;

export type View = (typeof views)[number][0];

/** One text of a sample, and what else it can be read as. */
export interface Readable {
  name: string;
  text: string | undefined;
  json: JsonBranch | undefined;
  turns: Turn[] | undefined;
}

export function readableOf(name: string, text: string | undefined): Readable {
  return {
    name,
    text,
    json: text === undefined ? undefined : parseJsonTree(text),
    turns: text === undefined ? undefined : parseConversation(text),
  };
}
