/** How a person calls this program: from a checkout by npm, as an installed package by npx. */
export function commandLine(command: string): string {
  if (!import.meta.filename.endsWith(".ts")) return `npx ltb ${command}`;
  return command === "serve" ? "npm start" : `npm run ltb -- ${command}`;
}
