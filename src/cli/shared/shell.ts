import { relative, resolve } from "node:path";
import { quote } from "../../text.ts";
import { packageRoot } from "../../version.ts";

/** Where the person stands: npm runs a script of a checkout in its folder, wherever it was called. */
function standing(): string {
  const { npm_lifecycle_event: script, INIT_CWD } = process.env;
  return (script !== undefined && INIT_CWD) || process.cwd();
}

/** How a person calls this program: from a checkout by npm, as an installed package by npx. */
export function commandLine(command: string): string {
  if (!import.meta.filename.endsWith(".ts")) return `npx ltb ${command}`;
  // From within a checkout npm finds it by itself.
  const isOutside = relative(packageRoot, standing()).startsWith("..");
  const npm = isOutside ? `npm --prefix ${quotePath(packageRoot)}` : "npm";
  return command === "serve" ? `${npm} start` : `${npm} run ltb -- ${command}`;
}

/** Writes a path as one word of the shell, from where the person stands if that is shorter. */
export function quotePath(path: string): string {
  const near = relative(standing(), resolve(path));
  return quote(near === "" || near.startsWith("..") || near.length >= path.length ? path : near);
}
