import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";

const script = join(import.meta.dirname, "..", "..", "scripts", "docs-try.ts");

const mistaken = `
\`\`\`sh
echo the same
\`\`\`

\`\`\`text printed
the …me
\`\`\`

\`\`\`sh not-tried="needs Docker"
exit 9
\`\`\`

\`\`\`sh
echo one
\`\`\`

\`\`\`text printed
another
\`\`\`

\`\`\`sh until="never"
false
\`\`\`

\`\`\`sh FILE="$(echo no.such)"
cat FILE; echo after
\`\`\`

\`\`\`sh
test -z "$npm_config_prefix"
\`\`\`
`;

const mistakenBesideAService = `
\`\`\`sh stays="serving"
echo serving; exec sleep 600
\`\`\`

\`\`\`sh
echo stumbles; false
\`\`\`
`;

test("what README.md and docs/library.md tell to run works as printed, and a document that is wrong is found", async () => {
  const folder = temporaryFolder();
  const wrong = join(folder, "wrong.md");
  await writeFile(wrong, mistaken);
  const beside = join(folder, "beside.md");
  await writeFile(beside, mistakenBesideAService);
  const args = [script, "--installed", "--other-ports", "README.md", "docs/library.md", wrong, beside];
  const output = await new Promise<string>((done) => {
    const child = execFile(
      process.execPath,
      args,
      // What npm tells those that it runs would send the packages to the machine's own folder.
      { env: { ...process.env, npm_config_prefix: "/usr" } },
      (error, stdout, stderr) => done(`${stdout}${stderr}exit code ${error?.code ?? 0}`),
    );
    onTestFinished(() => void child.kill());
  });
  const failed = output.match(/^FAILED.*$/gm) ?? [];
  expect(failed, output).toEqual([
    expect.stringContaining("wrong.md:14  echo one"),
    expect.stringContaining("wrong.md:22  false"),
    expect.stringContaining("wrong.md:26  cat FILE"),
    expect.stringContaining("beside.md:6  echo stumbles"),
  ]);
  expect(output).toMatch(/^ok .*wrong.md:2 {2}echo the same/m);
  expect(output).toMatch(/^left out .*wrong.md:10 .*\(needs Docker\)$/m);
  expect(output).toContain("it did not print:\nanother");
  for (const block of ["README.md:", "docs/library.md:"]) expect(output).toContain(`ok        ${block}`);
  expect(output).toMatch(/exit code 1$/);
});
