import { readFileSync } from "node:fs";

const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** Node's options with which `npm start` runs the service, and everybody should. */
export const serviceOptions: string[] = scripts.start.split(" ").filter((word: string) => /^--/.test(word));
