import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Block, findMissing, readBlocks } from "./docs-try/blocks.ts";
import { Failed, Shell } from "./docs-try/shell.ts";

// Runs what the documents tell their readers to run, from top to bottom, in a copy of this checkout with a
// data folder of its own, and compares what is printed with what they show. What it leaves out, it says.

const root = join(import.meta.dirname, "..");
/** The one that starts the service, which the others take for granted. */
const FIRST = "README.md";
const DOCUMENTS = ["library", "clients", "cli", "evaluations", "security", "operations", "deployment"];
const INSTALLATION = /^npm ci(?: && |\n)/m;
const PRINTED_PORTS = [50_052, 50_053];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Takes the packages of this checkout, so that `npm ci` is left out. */
    installed: { type: "boolean", default: false },
    /** Takes other ports than the documents name, also where those are free. */
    "other-ports": { type: "boolean", default: false },
  },
});
const given = DOCUMENTS.map((name) => `docs/${name}.md`).filter((name) => existsSync(join(root, name)));
const names = positionals.length > 0 ? positionals : [FIRST, ...given];

// What runs in the shells has process groups of its own.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const startedAt = performance.now();
const scratch = await mkdtemp(join(tmpdir(), "ltb-docs-"));
const open: { shell: Shell; job: string }[] = [];
const counts = { run: 0, leftOut: 0 };
let failed = false;
try {
  await copyCheckout();
  const ports = await choosePorts();
  const env = environment(ports);
  if (!names.includes(FIRST)) {
    const blocks = await blocksOf(FIRST);
    const start = blocks.findIndex(({ marks }) => marks.stays !== undefined);
    await tryBlocks(blocks.slice(0, start + 1), env, ports);
  }
  for (const name of names) await tryBlocks(await blocksOf(name), env, ports);
  for (const { shell, job } of open.toReversed()) await shell.interrupt(job);
} catch (error) {
  if (!(error instanceof Failed)) throw error;
  tell(error);
} finally {
  for (const { shell } of open.toReversed()) await shell.end();
  await rm(scratch, { recursive: true, force: true, maxRetries: 10 });
}
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`${counts.run} blocks run, ${counts.leftOut} left out, in ${seconds} s`);
process.exitCode = failed ? 1 : 0;

async function copyCheckout(): Promise<void> {
  // The embedded PostgreSQL of root is another user's, who has to pass.
  await chmod(scratch, 0o755);
  const listed = execFileSync("git", ["ls-files", "-coz", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const file of listed.split("\0").filter((each) => each !== "" && existsSync(join(root, each)))) {
    await mkdir(join(scratch, dirname(file)), { recursive: true });
    await cp(join(root, file), join(scratch, file));
  }
  if (options.installed) await symlink(join(root, "node_modules"), join(scratch, "node_modules"));
  // Who has installed the package has its command in the path.
  await mkdir(join(scratch, ".try"));
  const command = `#!/bin/sh\nexec '${process.execPath}' '${join(scratch, "src", "main.ts")}' "$@"\n`;
  await writeFile(join(scratch, ".try", "ltb"), command, { mode: 0o755 });
}

async function blocksOf(name: string): Promise<Block[]> {
  return readBlocks(name, await readFile(resolve(root, name), "utf8"));
}

/** The ports that the documents print, with those to take in their place. */
async function choosePorts(): Promise<Map<number, number>> {
  const free = await Promise.all(PRINTED_PORTS.map((port) => bind(port)));
  if (!options["other-ports"] && free.every((port) => port !== undefined)) return new Map();
  const others = await Promise.all(PRINTED_PORTS.map(async (port) => [port, (await bind(0)) ?? 0] as const));
  say("ports", others.map(([printed, taken]) => `${taken} in place of ${printed}`).join(", "));
  return new Map(others);
}

async function bind(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    const address = server.address();
    return typeof address === "object" && address ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}

/** What a reader's shell has: nothing of ours, and not even Node 24 in its path. */
function environment(ports: ReadonlyMap<number, number>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(LTB|DATABASE|npm_(lifecycle|package|command|execpath|node_execpath|config_((local|global)_)?prefix))|^INIT_CWD$/.test(
        name,
      ),
  );
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const tools = join(root, "node_modules", ".cache", "ltb-interop", "go");
  const [grpc, http] = ports.values();
  return {
    ...Object.fromEntries(kept),
    PATH: [join(scratch, ".try", "npm", "bin"), join(scratch, ".try"), ...path, tools].join(delimiter),
    // What Go downloads is kept, what it builds and installs is not.
    GOMODCACHE: process.env.GOMODCACHE ?? join(process.env.GOPATH ?? join(homedir(), "go"), "pkg", "mod"),
    GOPATH: join(scratch, ".try", "go"),
    NPM_CONFIG_PREFIX: join(scratch, ".try", "npm"),
    ...(grpc !== undefined && {
      LTB_GRPC_ADDRESS: `127.0.0.1:${grpc}`,
      LTB_HTTP_ADDRESS: `127.0.0.1:${http}`,
      LTB_ADDRESS: `localhost:${grpc}`,
      LTB_URL: `http://localhost:${http}`,
    }),
  };
}

async function tryBlocks(
  blocks: readonly Block[],
  env: NodeJS.ProcessEnv,
  ports: ReadonlyMap<number, number>,
): Promise<void> {
  let shell = new Shell(scratch, env);
  let stays = false;
  try {
    for (const block of blocks) {
      const reason = reasonToLeaveOut(block, env);
      if (reason !== undefined) {
        counts.leftOut++;
        say("left out", `${describe(block)}  (${reason})`);
        continue;
      }
      const began = performance.now();
      counts.run++;
      try {
        const isOpen = await tryBlock(shell, block, env, ports);
        stays ||= isOpen;
        say("ok", `${describe(block)}  ${((performance.now() - began) / 1000).toFixed(1)} s`);
      } catch (error) {
        // Without the service there is nothing to go on with.
        if (!(error instanceof Failed) || block.marks.stays !== undefined || stays) throw error;
        tell(error);
        await shell.end();
        shell = new Shell(scratch, env);
      }
    }
  } finally {
    if (!stays) await shell.end();
  }
}

function reasonToLeaveOut({ marks }: Block, { PATH = "" }: NodeJS.ProcessEnv): string | undefined {
  if (marks.notTried !== undefined) return marks.notTried;
  const folders = PATH.split(delimiter);
  const isThere = (program: string) =>
    program.startsWith("/") ? existsSync(program) : folders.some((each) => existsSync(join(each, program)));
  const missing = marks.needs.find((program) => !isThere(program));
  return missing === undefined ? undefined : `needs ${missing}, which is not here`;
}

/** @returns whether the shell has to stay, for what runs on in it */
async function tryBlock(
  shell: Shell,
  block: Block,
  env: NodeJS.ProcessEnv,
  ports: ReadonlyMap<number, number>,
): Promise<boolean> {
  const { marks, printed } = block;
  try {
    const file = await writeScript(block, env, ports);
    if (marks.stays !== undefined) {
      open.push({ shell, job: await shell.start(file, marks.stays) });
      return true;
    }
    if (marks.until !== undefined) {
      await shell.interrupt(await shell.start(file, marks.until));
      return false;
    }
    const output = await shell.run(file);
    const missing = findMissing(printed, output);
    if (missing === undefined) return false;
    throw new Failed(`${output}\nit did not print:\n${missing}`);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    throw new Failed(`${describe(block)}\n\n${block.code}\n${error.message}`);
  }
}

/** Writes the block as a script that the shell can read, with what readers replace replaced. */
async function writeScript(
  { place, language, code, marks }: Block,
  env: NodeJS.ProcessEnv,
  ports: ReadonlyMap<number, number>,
): Promise<string> {
  let text = code;
  for (const [name, words] of marks.replacements) {
    if (!text.includes(name)) throw new Failed(`it has no ${name} to replace`);
    const value = execFileSync("bash", ["-c", `printf %s "${words}"`], {
      cwd: scratch,
      env,
      encoding: "utf8",
    });
    text = text.replaceAll(name, () => value);
  }
  for (const [printed, taken] of ports) text = text.replaceAll(String(printed), String(taken));
  if (options.installed && INSTALLATION.test(text)) {
    say("left out", `${place}  npm ci  (--installed)`);
    text = text.replace(INSTALLATION, "");
  }
  const path = join(scratch, ".try", place.replaceAll(/\W/g, "-"));
  if (language === "ts") {
    // It has to stand in the package to import it by its name.
    await writeFile(join(scratch, "reader.ts"), text);
    text = `'${process.execPath}' reader.ts\n`;
  }
  for (const setting of marks.env) {
    const [, variable = "", value = ""] = /^(\w+)=(.*)$/.exec(setting) ?? [];
    const undo = `if [ -n "$kept_${variable}" ]; then export ${variable}="$kept_${variable}"; else unset ${variable}; fi`;
    text = `kept_${variable}="\${${variable}-}"; export ${variable}="${value}"\n${text}\n${undo}\n`;
  }
  await writeFile(path, text);
  return path;
}

function tell(failure: Failed): void {
  failed = true;
  say("FAILED", failure.message);
}

function describe({ place, code }: Block): string {
  const [first = ""] = code.trim().split("\n");
  return `${place}  ${first}`;
}

function say(what: string, about: string): void {
  console.log(`${what.padEnd(8)}  ${about}`);
}
