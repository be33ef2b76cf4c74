import { conversationOf, type Turn } from "../../parts/texts/conversation.ts";
import { parseBranch } from "../../parts/texts/indent.ts";

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
  isJson: boolean;
  turns: Turn[] | undefined;
}

export function readableOf(name: string, text: string | undefined): Readable {
  const branch = text === undefined ? undefined : parseBranch(text);
  return { name, text, isJson: branch !== undefined, turns: branch && conversationOf(branch) };
}
