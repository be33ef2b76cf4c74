export interface Statement {
  /** Without the semicolon. */
  text: string;
  /** Its position in the file. */
  start: number;
}

/** Comments, strings, quoted names and dollar-quoted bodies: a semicolon inside of them ends nothing. */
const LEXEME =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\be'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([a-z_]\w*)?\$[\s\S]*?\$\1\$|;|\w+|\S/gi;

const isComment = (lexeme: string) => lexeme.startsWith("--") || lexeme.startsWith("/*");

/** Writes statements without their comments and in one layout, for the checksum. */
export function normalizeStatements(statements: readonly Statement[]): string {
  const lexemes = ({ text }: Statement) => Array.from(text.matchAll(LEXEME), ([lexeme]) => lexeme);
  return statements
    .map((statement) =>
      lexemes(statement)
        .filter((lexeme) => !isComment(lexeme))
        .join(" "),
    )
    .join(";");
}

/** Splits a SQL file into its statements; it knows no nested block comments, and no `begin atomic … end`. */
export function splitStatements(file: string): Statement[] {
  const found: Statement[] = [];
  let start: number | undefined;
  for (const { 0: lexeme, index } of file.matchAll(LEXEME)) {
    if (isComment(lexeme)) continue;
    if (lexeme !== ";") {
      start ??= index;
    } else if (start !== undefined) {
      found.push({ text: file.slice(start, index), start });
      start = undefined;
    }
  }
  if (start !== undefined) found.push({ text: file.slice(start), start });
  return found;
}
