import { isDeepStrictEqual } from "node:util";
import { format } from "sql-formatter";
import type { z } from "zod";
import type { Statement } from "../../src/database/statement/sql.ts";
import { literalOf } from "./literal.ts";

type AnyStatement = Statement<never[], z.ZodType>;

/** Formats the text of a query, with one clause or column per line. */
export function formatSql(text: string): string {
  return format(text, { language: "postgresql", expressionWidth: 100, keywordCase: "lower" });
}

/**
 * Renders each text that a statement has among its examples, with the parameters of the first example that
 * reaches it.
 */
export function renderStatement(statement: AnyStatement): string {
  const variants = new Map<string, never[]>();
  for (const example of statement.examples) {
    const { sql: text } = statement(...example);
    if (!variants.has(text)) variants.set(text, example);
  }
  const parts = [...variants].map(([text, example], index) => {
    const title = variants.size === 1 ? "" : `, ${index + 1} of ${variants.size}`;
    const parameters = renderParameters(statement, example);
    return `-- ${statement.statementName}${title}\n${formatSql(text)};\n${parameters}`;
  });
  return parts.join("\n");
}

function renderParameters(statement: AnyStatement, example: never[]): string {
  const { values } = statement(...example);
  // A statement makes the ids of new rows when it is built.
  const { values: others } = statement(...example);
  return values
    .map((value, index) => {
      const isSame = isDeepStrictEqual(value, others[index]);
      return `-- $${index + 1} = ${isSame ? literalOf(value) : "made anew each time"}\n`;
    })
    .join("");
}
