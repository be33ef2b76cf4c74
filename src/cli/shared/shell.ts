import { existsSync, realpathSync } from "node:fs";
import { delimiter, join, relative, resolve } from "node:path";
import { quote } from "../../text.ts";
import { packageRoot } from "../../version.ts";

/** Where the person stands: npm runs a script of a checkout in its folder, wherever it was called. */
function standing(): string {
  const { npm_lifecycle_event: script, INIT_CWD } = process.env;
  return (script !== undefined && INIT_CWD) || process.cwd();
}

/**
 * How a person calls an installed package from where they stand. It never has npx look for a package: there,
 * `ltb` would be somebody else's.
 * @param program the file that npm links to as `ltb`
 */
export function installedCommand(program = join(packageRoot, "dist", "src", "main.js")): string {
  // npm puts folders of the project into the PATH of what it runs.
  const own = process.env.npm_lifecycle_event === undefined ? undefined : join("node_modules", ".bin");
  const folders = (process.env.PATH ?? "").split(delimiter).filter((one) => !own || !one.endsWith(own));
  const found = folders.map((folder) => join(folder, "ltb")).find((file) => existsSync(file));
  const isOurs = (file: string) => existsSync(file) && realpathSync(file) === realpathSync(program);
  if (found !== undefined && isOurs(found)) return "ltb";
  if (isOurs(join(standing(), "node_modules", ".bin", "ltb"))) return "npx ltb";
  return `node ${quotePath(program)}`;
}

/** How a person calls this program: from a checkout by npm. */
export function commandLine(command: string): string {
  if (!import.meta.filename.endsWith(".ts")) return `${installedCommand()} ${command}`;
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
