import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

// The formatter wraps code at this width but leaves comments alone, so this script looks after them.
const width = 110;
const comment = /^\s*(?:\/\/|\/?\*|--)|\s\/\/ \S/;

const tracked = execFileSync("git", ["ls-files", "*.ts", "*.sql", "*.proto", ":!gen", ":!docs"], {
  encoding: "utf8",
});
const long = tracked
  .split("\n")
  .filter((file) => file !== "")
  .flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .map((line, index) => ({ place: `${file}:${index + 1}`, line }))
      .filter(({ line }) => line.length > width && comment.test(line)),
  );
for (const { place, line } of long) console.error(`${place}: ${line.length} columns`);
if (long.length > 0) {
  console.error(`${long.length} comments are wider than ${width} columns`);
  process.exitCode = 1;
}
