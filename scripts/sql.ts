import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadStatements } from "./check-sql/load.ts";
import { renderStatement } from "./sql/render.ts";

// `npm run sql NAME` prints a whole statement as PostgreSQL gets it; without a name it prints the names of
// all. `npm run sql -- --write` writes all of them to docs/sql, where a review sees what a change does to
// each.
const folder = join(import.meta.dirname, "../docs/sql");
const statements = await loadStatements();
const names = [...statements.keys()].sort();
const [wanted] = process.argv.slice(2);

if (wanted === undefined) console.log(names.join("\n"));
else if (wanted === "--write") {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
  for (const [name, statement] of statements)
    writeFileSync(join(folder, `${name}.sql`), renderStatement(statement));
} else {
  const statement = statements.get(wanted);
  if (statement) console.log(renderStatement(statement));
  else {
    const like = names.filter((name) => name.includes(wanted));
    console.error(`there is no statement ${wanted}${like.length > 0 ? `; like it: ${like.join(", ")}` : ""}`);
    process.exitCode = 1;
  }
}
