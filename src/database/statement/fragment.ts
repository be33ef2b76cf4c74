import { createSqlTag, type FragmentSqlToken, type ValueExpression } from "slonik";

export type Fragment = FragmentSqlToken;

type Value = Fragment["values"][number];

const slonik = createSqlTag();
const fragmentType: Fragment["type"] = slonik.fragment``.type;

/**
 * Texts, with a value or a fragment between each two of them. Slonik makes the text of a fragment at once,
 * and makes it again for each fragment around it. Ours keep their parts, and `StatementText` reads them.
 */
class Parts implements Fragment {
  readonly type: Fragment["type"] = fragmentType;
  texts: readonly string[];
  members: readonly ValueExpression[];
  #firstRead: number | undefined;

  constructor(texts: readonly string[], members: readonly ValueExpression[]) {
    this.texts = texts;
    this.members = members;
  }

  get sql(): string {
    return new StatementText("$slonik_").read(this).sql;
  }

  get values(): readonly Value[] {
    return new StatementText().read(this).values;
  }

  /** Puts what it holds together once a second statement is made of it: it is a constant then. */
  beginRead(read: number): void {
    this.#firstRead ??= read;
    if (this.#firstRead >= read) return;
    this.#firstRead = Number.POSITIVE_INFINITY;
    Object.assign(this, flatten(this));
  }
}

/** The same with values alone between the texts. */
function flatten({ texts, members }: Parts): { texts: string[]; members: Value[] } {
  const flat = { texts: [...texts.slice(0, 1)], members: [] as Value[] };
  for (const [index, member] of members.entries()) {
    const inner = isValue(member) ? { texts: ["", ""], members: [member] } : flatten(partsOf(member));
    const [first = "", ...others] = inner.texts;
    flat.texts.push(`${flat.texts.pop()}${first}`, ...others);
    flat.texts.push(`${flat.texts.pop()}${texts[index + 1]}`);
    flat.members.push(...inner.members);
  }
  return flat;
}

let reads = 0;

/** Reads fragments. It makes a text only where the parts are not the same as those of the last one. */
export class StatementText {
  readonly #prefix: string;
  /** Null stands for a parameter. */
  readonly #texts: (string | null)[] = [];
  #at = 0;
  #sql: string | undefined;

  /** @param prefix what the numbers of parameters follow. Default: as PostgreSQL has it */
  constructor(prefix = "$") {
    this.#prefix = prefix;
  }

  read(fragment: Fragment): { sql: string; values: readonly Value[] } {
    const values: Value[] = [];
    this.#at = 0;
    this.#add(fragment, values, ++reads);
    if (this.#at < this.#texts.length) {
      this.#texts.length = this.#at;
      this.#sql = undefined;
    }
    this.#sql ??= this.#join();
    return { sql: this.#sql, values };
  }

  #add(member: ValueExpression, values: Value[], read: number): void {
    if (isValue(member)) {
      this.#addText(null);
      values.push(member);
      return;
    }
    const parts = partsOf(member);
    parts.beginRead(read);
    const { texts, members } = parts;
    // An iterator takes twice as long, and hot statements have a hundred parts.
    for (let index = 0; index < texts.length; index++) {
      if (index > 0) this.#add(members[index - 1] as ValueExpression, values, read);
      this.#addText(texts[index] as string);
    }
  }

  #addText(text: string | null): void {
    if (this.#texts[this.#at] !== text) {
      this.#texts[this.#at] = text;
      this.#sql = undefined;
    }
    this.#at++;
  }

  #join(): string {
    let parameters = 0;
    return this.#texts.map((text) => text ?? `${this.#prefix}${++parameters}`).join("");
  }
}

function isValue(member: ValueExpression): member is Value {
  if (typeof member === "object" && member !== null) return Array.isArray(member) || Buffer.isBuffer(member);
  return member !== undefined;
}

/** @throws where it is neither a fragment nor another token of Slonik's */
function partsOf(token: ValueExpression): Parts {
  if (token instanceof Parts) return token;
  const { sql, values } = slonik.fragment`${token}`;
  return new Parts(sql.split(/\$slonik_\d+/), values);
}

const own = {
  fragment: (texts: TemplateStringsArray, ...members: readonly ValueExpression[]): Fragment =>
    new Parts(texts, members),
  join: (members: readonly ValueExpression[], glue: Fragment): Fragment => joinBy(members, glue.sql),
  and: (conditions: readonly (Fragment | false | null | undefined)[]): Fragment => {
    const given = conditions.filter((condition) => !!condition);
    return given.length === 0 ? fragmentOf("TRUE") : joinBy(given, " AND ");
  },
  literalValue: (value: string): Fragment => fragmentOf(slonik.literalValue(value).sql),
};

/** Slonik's, but for what is made of fragments. */
export const sql: Omit<typeof slonik, keyof typeof own> & typeof own = { ...slonik, ...own };

function joinBy(members: readonly ValueExpression[], glue: string): Fragment {
  if (members.length === 0) throw new RangeError("nothing to join in a statement");
  return new Parts(["", ...Array<string>(members.length - 1).fill(glue), ""], members);
}

/** A fragment of a text that code has put together. What a caller gave never goes into it. */
export function fragmentOf(text: string): Fragment {
  return new Parts([text], []);
}
