/** A fenced block of a document that a reader would run. */
export interface Block {
  /** `README.md:22` */
  place: string;
  language: "sh" | "ts";
  code: string;
  marks: Marks;
  /** The lines of what it prints, as the document shows them; `…` stands for anything. */
  printed: string[];
}

/**
 * What the first line of a block says to this tool, and no reader sees: ` ```sh needs="go" `. Any other name
 * is a text that readers replace by something of their own, with the words of the shell that stand for it
 * here: `FILE="$(ls backups/*.tar)"`.
 */
interface Marks {
  /** The reason to leave it out. */
  notTried: string | undefined;
  /** The programs that it takes, with commas; where one is missing, it is left out. */
  needs: string[];
  /** It ends by Ctrl-C, which it gets once it has printed this. */
  until: string | undefined;
  /** It is to run on behind all that follows, which begins once it has printed this. */
  stays: string | undefined;
  /** Settings for this block alone: `NAME=VALUE`, with spaces between. */
  env: string[];
  replacements: [name: string, words: string][];
}

/** The blocks of sh and ts in a document, in their order. */
export function readBlocks(name: string, text: string): Block[] {
  const blocks: Block[] = [];
  for (const found of text.matchAll(/^( *)```(\w+)([^\n]*)\n([\s\S]*?)^\1```$/gm)) {
    const [, indent = "", language, info = "", content = ""] = found;
    const code = content.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    const line = text.slice(0, found.index).split("\n").length;
    if (language === "sh" || language === "ts")
      blocks.push({ place: `${name}:${line}`, language, code, marks: readMarks(info), printed: [] });
    else if (language === "text" && info.trim() === "printed")
      blocks.at(-1)?.printed.push(...code.split("\n").filter((each) => each.trim() !== ""));
  }
  return blocks;
}

function readMarks(info: string): Marks {
  const given = new Map(
    [...info.matchAll(/(\S+?)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  const take = (name: string) => {
    const value = given.get(name);
    given.delete(name);
    return value;
  };
  return {
    notTried: take("not-tried"),
    needs: take("needs")?.split(",") ?? [],
    until: take("until"),
    stays: take("stays"),
    env: take("env")?.match(/\w+=(?:\$\([^)]*\)|\S)*/g) ?? [],
    replacements: [...given],
  };
}

/** The first of the lines that what was printed lacks, in their order; undefined if it has all. */
export function findMissing(lines: readonly string[], output: string): string | undefined {
  const printed = output.split("\n").map(squeeze);
  let from = 0;
  return lines.find((line) => {
    const parts = squeeze(line).split("…").map(RegExp.escape);
    const pattern = new RegExp(`^${parts.join(".*")}$`);
    const at = printed.findIndex((each, index) => index >= from && pattern.test(each));
    from = at + 1;
    return at === -1;
  });
}

/** The widths of columns depend on what is in them. */
function squeeze(line: string): string {
  return line.trim().replace(/\s+/g, " ");
}
