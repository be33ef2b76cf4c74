import { relative } from "node:path";

/** How a person calls this program: from a checkout by npm, as an installed package by npx. */
export function commandLine(command: string): string {
  if (!import.meta.filename.endsWith(".ts")) return `npx ltb ${command}`;
  return command === "serve" ? "npm start" : `npm run ltb -- ${command}`;
}

/** Writes a text as one word of the shell. */
export function quote(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Writes a path as one word of the shell, from here where that is shorter. */
export function quotePath(path: string): string {
  const near = relative("", path);
  return quote(near.startsWith("..") || near.length >= path.length ? path : near);
}
