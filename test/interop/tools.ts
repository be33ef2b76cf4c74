import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./paths.ts";
import { run, succeed } from "./processes.ts";

/**
 * Everything that is not npm's, by exact version. Their dependencies follow from these: Go's by go.sum, pip's
 * few by their own bounds.
 */
const goTools = {
  grpcurl: "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4",
};
const pythonPackages = [
  "grpcio==1.85.1",
  // What later ones generate refuses the Protobuf of many programs.
  "grpcio-tools==1.62.3",
  "protobuf==4.25.9",
  "googleapis-common-protos==1.66.0",
  "typing-extensions==4.16.0",
  "setuptools==80.9.0",
  "urllib3==2.8.0",
];

const browserPackages = ["@sparticuz/chromium@153.0.0", "esbuild@0.28.2"];

const cache = join(root, "node_modules", ".cache", "ltb-interop");
const goFolder = join(cache, "go");
const pythonFolder = join(cache, "python");

export const grpcurl = join(goFolder, "grpcurl");
/** Holds Chromium and what bundles a page for it. */
export const browserFolder = join(cache, "browser");
export const python = join(pythonFolder, "bin", "python");

/** Whether a program is installed on this machine. */
export async function isThere(program: string): Promise<boolean> {
  const version = program === "go" ? "version" : "--version";
  return (await run(program, [version]).catch(() => undefined))?.code === 0;
}

/** Installs Go's tools where they are not yet. */
export async function installGoTools(names: readonly (keyof typeof goTools)[]): Promise<void> {
  await mkdir(goFolder, { recursive: true });
  for (const name of names) {
    const [, module = "", version = ""] = /^(.*)@(.*)$/.exec(goTools[name]) ?? [];
    const binary = join(goFolder, name);
    const built = await run("go", ["version", "-m", binary]);
    if (
      built.code === 0 &&
      built.stdout.includes(`\tpath\t${module}\n`) &&
      built.stdout.includes(`\t${version}\t`)
    )
      continue;
    await succeed("go", ["install", goTools[name]], { env: { GOBIN: goFolder } });
  }
}

/** Makes a virtual environment with exactly the packages, unless there is one. */
export async function installPython(): Promise<void> {
  const there = await stat(python).then(
    () => succeed(python, ["-m", "pip", "freeze", "--all"]),
    () => "",
  );
  if (pythonPackages.every((wanted) => there.toLowerCase().replaceAll("_", "-").includes(wanted))) return;
  await rm(pythonFolder, { recursive: true, force: true });
  await succeed("python3", ["-m", "venv", pythonFolder]);
  await succeed(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    ...pythonPackages,
  ]);
}

/** Installs the browser, apart from the packages of the project: it is 70 MB that only this needs. */
export async function installBrowser(): Promise<void> {
  await mkdir(browserFolder, { recursive: true });
  const manifest = join(browserFolder, "package.json");
  const wanted = JSON.stringify({ private: true, browserPackages });
  if (!(await readFile(manifest, "utf8").catch(() => "")).includes(JSON.stringify(browserPackages))) {
    await writeFile(manifest, JSON.stringify({ private: true }));
    const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", ...browserPackages];
    await succeed("npm", args, { cwd: browserFolder });
    await writeFile(manifest, wanted);
  }
  // It needs libraries that a bare machine may lack.
  await succeed(await chromium(), ["--version", "--no-sandbox"]);
}

/** Unpacks Chromium into the cache, and tells where that is. */
export async function chromium(): Promise<string> {
  const unpack = 'console.log(await (await import("@sparticuz/chromium")).default.executablePath())';
  const args = ["--input-type=module", "--eval", unpack];
  return (
    await succeed(process.execPath, args, { cwd: browserFolder, env: { TMPDIR: browserFolder } })
  ).trim();
}
