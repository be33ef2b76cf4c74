import { doubleOf } from "../json-numbers.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { ImportError, type Place } from "./import-error.ts";
import { isObject, kindOf, without } from "./json-text.ts";
import { categoryOf } from "./metric-value.ts";

/** Targets that take a text, and targets that take a number. */
const texts = ["sample_id", "input", "output", "expected", "error"] as const;
const numbers = ["repetition", "score", "latency_ms", "input_tokens", "output_tokens", "cost_usd"] as const;

/** The targets that a field of a record can be mapped to, besides `metrics.NAME`. */
const targets = [...texts, ...numbers, "created_at", "provider", "model", "dataset"] as const;
export type Target = (typeof targets)[number];

/** Steps into a record: a string is a key, a number an index. */
type Path = readonly (string | number)[];

const operations = {
  "+": (left: number, right: number) => left + right,
  "-": (left: number, right: number) => left - right,
  "*": (left: number, right: number) => left * right,
  "/": (left: number, right: number) => left / right,
};
type Operator = keyof typeof operations;

export type Expression =
  | { kind: "path"; path: Path }
  | { kind: "literal"; value: string | number }
  | { kind: "minus"; operand: Expression }
  | { kind: "default"; value: Expression; otherwise: Expression }
  | { kind: "arithmetic"; operator: Operator; left: Expression; right: Expression };

/** The expressions that make an evaluation of a record. */
export interface FieldMap {
  fields: ReadonlyMap<Target, Expression>;
  metrics: ReadonlyMap<string, Expression>;
  /** The text that it was parsed from. */
  source: string;
}

/** Makes the default map: every target from the field of its own name, if one of the records has it. */
export function ownNames(...records: JsonObject[]): FieldMap {
  const present = targets.filter((target) => records.some((record) => Object.hasOwn(record, target)));
  return {
    fields: new Map(present.map((target) => [target, { kind: "path", path: [target] }])),
    metrics: new Map(),
    source: "",
  };
}

/**
 * Parses `target=expression,…`, for example
 * `input=instruction,score=preference-1,metrics.length=usage.total/4`.
 *
 * An expression is a field's path (`a.b[0]`, `a.0`), a number, a text in single quotes (doubled within:
 * `'it''s'`), or `+ - * /`, parentheses and `??` over these. `a ?? 0` is 0 where `a` is null or missing. A
 * name consists of letters, digits, `_` and `$`; any other name is written in backticks, as in
 * `` `model-name`.x ``. No library is used, because those for expressions read `-` and digits in names
 * differently, and bring functions.
 *
 * @throws {ImportError} that names the column.
 */
export function parseFieldMap(source: string): FieldMap {
  const parser = new Parser(source);
  const fields = new Map<Target, Expression>();
  const metrics = new Map<string, Expression>();
  do {
    const { target, metric } = parser.target();
    parser.expect("=");
    const expression = parser.expression();
    if (metric === undefined) fields.set(target, expression);
    else metrics.set(metric, expression);
  } while (parser.take(","));
  parser.end();
  return { fields, metrics, source };
}

/**
 * Evaluates an expression for a record; undefined if the field is missing. Arithmetic takes numbers and
 * booleans (as 0 and 1); over null or a missing field it gives null.
 * @throws {ImportError} for arithmetic over anything else.
 */
export function evaluate(expression: Expression, record: JsonObject, place: Place): JsonValue | undefined {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "path":
      return lookup(record, expression.path);
    case "minus": {
      const value = operand(expression.operand, record, place);
      return value === null ? null : -value;
    }
    case "default":
      return evaluate(expression.value, record, place) ?? evaluate(expression.otherwise, record, place);
    case "arithmetic": {
      const left = operand(expression.left, record, place);
      const right = operand(expression.right, record, place);
      return left === null || right === null ? null : operations[expression.operator](left, right);
    }
  }
}

/** Writes the expression in the notation of {@link parseFieldMap}, for messages. */
export function show(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      return typeof expression.value === "number"
        ? String(expression.value)
        : `'${expression.value.replaceAll("'", "''")}'`;
    case "path":
      return expression.path.join(".");
    case "minus":
      return `-${show(expression.operand)}`;
    case "default":
      return `(${show(expression.value)} ?? ${show(expression.otherwise)})`;
    case "arithmetic":
      return `(${show(expression.left)} ${expression.operator} ${show(expression.right)})`;
  }
}

function operand(expression: Expression, record: JsonObject, place: Place): number | null {
  const value = doubleOf(evaluate(expression, record, place) ?? null);
  if (value === null) return null;
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") return value;
  throw new ImportError(place, `${show(expression)}: expected a number, found ${kindOf(value)}`);
}

function lookup(record: JsonObject, path: Path): JsonValue | undefined {
  let value: JsonValue | undefined = record;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

/** Copies the record without the fields that the evaluation has in full. */
export function omitMapped(record: JsonObject, map: FieldMap): JsonObject {
  const mapped = (targets: readonly Target[]) => targets.map((target) => map.fields.get(target));
  const isNumber = (value: JsonValue = null) => ["number", "boolean"].includes(typeof doubleOf(value));
  const isMetric = (value: JsonValue | undefined) => isNumber(value) || categoryOf(value) !== undefined;
  let rest = record;
  const omitWhere = (isWhole: (value: JsonValue | undefined) => boolean, expression?: Expression) => {
    if (expression?.kind !== "path" || !isWhole(evaluate(expression, record, { file: "" }))) return;
    rest = omit(rest, expression.path);
  };
  for (const expression of mapped(texts)) omitWhere(() => true, expression);
  for (const expression of mapped(numbers)) omitWhere(isNumber, expression);
  for (const expression of map.metrics.values()) omitWhere(isMetric, expression);
  return rest;
}

function omit(object: JsonObject, [step, ...path]: Path): JsonObject {
  if (typeof step !== "string" || !Object.hasOwn(object, step)) return object;
  const inner = object[step];
  if (path.length === 0) return inner === null ? object : without(object, [step]);
  if (!isObject(inner)) return object;
  const rest = omit(inner, path);
  return Object.keys(rest).length === 0 ? without(object, [step]) : { ...object, [step]: rest };
}

const MAX_DEPTH = 50;

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  target(): { target: Target; metric?: undefined } | { target?: undefined; metric: string } {
    const column = this.#at;
    const name = this.#name();
    if (name === "metrics" && this.take(".")) {
      let metric = this.#name();
      while (this.take(".")) metric += `.${this.#name()}`;
      return { metric };
    }
    const target = targets.find((known) => known === name);
    if (target) return { target };
    throw this.#error(`unknown target ${name}; known are ${targets.join(", ")} and metrics.NAME`, column);
  }

  /** sum ("??" sum)*, sum := product (("+" | "-") product)*, product := unary (("*" | "/") unary)* */
  expression(): Expression {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`more than ${MAX_DEPTH} levels of nesting`);
    const product = () => this.#chain(["*", "/"], () => this.#unary());
    let value = this.#chain(["+", "-"], product);
    while (this.take("??")) value = { kind: "default", value, otherwise: this.#chain(["+", "-"], product) };
    this.#depth--;
    return value;
  }

  take(token: string): boolean {
    return this.#match(/\s*(\?\?|[=,.[\]()+*/-])/y, (found) => found === token) !== undefined;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.#error(`expected ${token}`);
  }

  end(): void {
    if (this.#source.slice(this.#at).trim() !== "")
      throw this.#error("expected an operator, a comma or the end");
  }

  #chain(operators: readonly Operator[], next: () => Expression): Expression {
    let left = next();
    for (;;) {
      const operator = operators.find((one) => this.take(one));
      if (!operator) return left;
      left = { kind: "arithmetic", operator, left, right: next() };
    }
  }

  #unary(): Expression {
    let signs = 0;
    while (this.take("-")) signs++;
    const operand = this.#primary();
    return signs % 2 === 1 ? { kind: "minus", operand } : operand;
  }

  #primary(): Expression {
    if (this.take("(")) {
      const inner = this.expression();
      this.expect(")");
      return inner;
    }
    const text = this.#match(/\s*'((?:[^']|'')*)'/y);
    if (text !== undefined) return { kind: "literal", value: text.replaceAll("''", "'") };
    // Digits followed by a letter are no number: `175b_verification` is a name.
    const number = this.#match(/\s*((?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)(?![\p{L}\p{N}_$])/iuy);
    if (number !== undefined) return { kind: "literal", value: Number(number) };
    return { kind: "path", path: this.#path() };
  }

  #path(): Path {
    const path: (string | number)[] = [this.#name()];
    for (;;) {
      if (this.take(".")) path.push(this.#name());
      else if (this.take("[")) {
        const index = this.#match(/\s*(\d{1,9})/y);
        if (index === undefined) throw this.#error("expected an index, a whole number");
        this.expect("]");
        path.push(Number(index));
      } else return path;
    }
  }

  #name(): string {
    const name = this.#match(/\s*`([^`]+)`/y) ?? this.#match(/\s*([\p{L}\p{N}_$]+)/uy);
    if (name === undefined) throw this.#error("expected a name; one with other signs goes in `backticks`");
    return name;
  }

  #match(pattern: RegExp, accept: (found: string) => boolean = () => true): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found?.[1] === undefined || !accept(found[1])) return undefined;
    this.#at = pattern.lastIndex;
    return found[1];
  }

  #error(problem: string, at = this.#at): ImportError {
    return new ImportError(
      { file: "field map" },
      `column ${at + 1} of ${JSON.stringify(this.#source)}: ${problem}`,
    );
  }
}
