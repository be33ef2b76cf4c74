/** An object or a list of a JSON document. */
export interface JsonBranch {
  isList: boolean;
  members: JsonMember[];
}

/** A value, as it is written unless it has members of its own, and the key it has in an object, in quotes. */
export interface JsonMember {
  key?: string;
  value: string | JsonBranch;
}

/** So many rows are unfolded at first, those of the upper levels before those of the lower. */
const rowsAtFirst = 100;

/** Lower levels than this are folded at first, whatever they hold. */
const deepestAtFirst = 8;

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]|[^\s{}[\],:"]+/g;

/**
 * The tree of a text that `parseBranch` takes. Strings and numbers stay as they are written, so that no digit
 * is lost, and a key that is given twice is there twice. It uses no recursion, so any depth will do.
 */
export function treeOf(text: string): JsonBranch {
  const top: JsonBranch = { isList: true, members: [] };
  const outer: JsonBranch[] = [];
  let branch = top;
  let key: string | undefined;
  const add = (value: JsonMember["value"]) => {
    branch.members.push(key === undefined ? { value } : { key, value });
    key = undefined;
  };
  let last = "";
  for (const part of text.match(token) ?? []) {
    if (part === ":") {
      branch.members.pop();
      key = last;
    } else if (part === "{" || part === "[") {
      const inner = { isList: part === "[", members: [] };
      add(inner);
      outer.push(branch);
      branch = inner;
    } else if (part === "}" || part === "]") branch = outer.pop() ?? top;
    else add(part);
    last = part;
  }
  const root = top.members[0]?.value;
  if (typeof root !== "object") throw new Error("the text is no JSON object or list");
  return root;
}

/** The branches below a root that are unfolded at first: level by level, while their rows are few in all. */
export function unfoldedAtFirst(root: JsonBranch): ReadonlySet<JsonBranch> {
  const unfolded = new Set([root]);
  let rows = root.members.length;
  let level = [root];
  for (let depth = 1; depth < deepestAtFirst && level.length > 0 && rows < rowsAtFirst; depth++) {
    const next: JsonBranch[] = [];
    for (const { value } of level.flatMap(({ members }) => members)) {
      if (typeof value === "string" || rows + value.members.length > rowsAtFirst) continue;
      rows += value.members.length;
      unfolded.add(value);
      next.push(value);
    }
    level = next;
  }
  return unfolded;
}
