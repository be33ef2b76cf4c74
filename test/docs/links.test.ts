import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [relative(root, path)];
  });
}

const files = filesIn(root);
const names = files.filter((name) => name.endsWith(".md"));

/** The text without fenced blocks, whose brackets and number signs are code. */
function prose(file: string): string {
  return readFileSync(file, "utf8").replace(/^( *)```[\s\S]*?^\1```$/gm, "");
}

/** The anchors of a file's headings, by the rules of GitHub: https://github.com/Flet/github-slugger */
function anchors(file: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** The links to other files, and to places in this one. */
function linksOf(name: string): string[] {
  const text = prose(join(root, name)).replace(/`[^`\n]+`(?!\])/g, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

test.each(names)("every link of %s leads somewhere", (name) => {
  const file = join(root, name);
  for (const link of linksOf(name)) {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? file : join(dirname(file), path);
    expect(existsSync(target), link).toBe(true);
    if (anchor !== undefined && statSync(target).isFile()) expect(anchors(target), link).toContain(anchor);
  }
});

test("what a document of the package links to, and what it tells to run or to copy, is in the package", () => {
  const pack = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const [{ files: packed }] = JSON.parse(execFileSync("npm", pack, { cwd: root, encoding: "utf8" }));
  const paths: string[] = packed.map(({ path }: { path: string }) => path);
  const isThere = (path: string) => paths.some((one) => one === path || one.startsWith(`${path}/`));
  const documents = paths.filter((path) => path.endsWith(".md"));
  expect(documents).toEqual(expect.arrayContaining(["README.md", "CONTRIBUTING.md", "docs/deployment.md"]));
  for (const name of documents) {
    for (const link of linksOf(name)) {
      const path = join(dirname(name), link.split("#")[0] ?? "").replace(/\/$/, "");
      if (!link.startsWith("#")) expect(isThere(path), `${link} in ${name}`).toBe(true);
    }
    const named = readFileSync(join(root, name), "utf8").matchAll(/\b(?:deploy|examples)\/[\w./-]*\w/g);
    for (const [path] of named) {
      const made = /^deploy\/secrets|\/gen\b/.test(path);
      if (!made) expect(isThere(path), `${path} in ${name}`).toBe(true);
    }
  }
});

const sourceNames = new Set(files.filter((name) => name.endsWith(".ts")).map((name) => basename(name)));

test.each(names)("every file that %s names is there", (name) => {
  const spans = [...readFileSync(join(root, name), "utf8").matchAll(/`([^`\n]+)`/g)];
  for (const [, span = ""] of spans) {
    const path = /^(src|test|deploy|examples|scripts|migrations|samples|proto)\/[\w./-]*$/.exec(span);
    if (path) expect(existsSync(join(root, span)), span).toBe(true);
    if (/^[\w-]+(\.test)?\.ts$/.test(span)) expect(sourceNames, span).toContain(span);
  }
});
