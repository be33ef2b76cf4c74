import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { hasCode, messageOf } from "../thrown.ts";
import type { Problem } from "./error.ts";

/** A source of settings with its values. The source with the higher `rank` wins. */
export interface Layer {
  source: string;
  rank: number;
  values: Record<string, string>;
}

export interface Sources {
  layers: Layer[];
  problems: Problem[];
}

export interface SourceOptions {
  env: NodeJS.ProcessEnv;
  cwd: string;
  file?: string | undefined;
}

/** Settings that may also be given as NAME_FILE, the path of a file that holds the value. */
export const SECRET_NAMES = [
  "DATABASE_PASSWORD",
  "DATABASE_URL",
  "DATABASE_MIGRATION_URL",
  "DATABASE_REPLICA_URL",
  "LTB_METRICS_TOKEN",
];

/** Reads all sources of settings: the environment over `.env` in the working folder over a JSON file. */
export function readSources({ env, cwd, file }: SourceOptions): Sources {
  const { layer: environment, problems } = readEnvironment(env);
  const dotenv = layer(".env", 2, readDotenv(cwd, problems));
  const path = file ?? environment.values.LTB_CONFIG_FILE ?? dotenv.values.LTB_CONFIG_FILE;
  const json = layer(path ?? "", 1, path === undefined ? {} : readJson(path, problems));
  for (const each of [dotenv, json]) readSecretFiles(each, problems);
  return { layers: [environment, dotenv, json], problems };
}

/** Reads the environment alone. */
export function readEnvironment(env: NodeJS.ProcessEnv): { layer: Layer; problems: Problem[] } {
  const problems: Problem[] = [];
  const environment = layer("the environment", 3, env);
  readSecretFiles(environment, problems);
  return { layer: environment, problems };
}

/** An empty value counts as unset, because compose files and CI systems write `NAME=` for unset variables. */
function layer(source: string, rank: number, values: NodeJS.ProcessEnv): Layer {
  const set = Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return { source, rank, values: Object.fromEntries(set) };
}

function readDotenv(cwd: string, problems: Problem[]): NodeJS.ProcessEnv {
  try {
    return parseEnv(readFileSync(join(cwd, ".env"), "utf8"));
  } catch (error) {
    if (!hasCode(error, "ENOENT"))
      problems.push({ name: ".env", message: `cannot be read: ${messageOf(error)}` });
    return {};
  }
}

function readJson(path: string, problems: Problem[]): Record<string, string> {
  const values: Record<string, string> = {};
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof content !== "object" || content === null || Array.isArray(content))
      throw new Error("it is not a JSON object");
    for (const [name, value] of Object.entries(content)) {
      if (["string", "number", "boolean"].includes(typeof value)) values[name] = String(value);
      else if (Array.isArray(value) && value.every((item) => typeof item === "string"))
        values[name] = value.join(",");
      else if (value !== null)
        problems.push({ name, message: `expected a text, number, boolean or list of texts in ${path}` });
    }
  } catch (error) {
    // The message does not quote the syntax error, because that quotes the file, which may hold a password.
    const why = error instanceof SyntaxError ? "it is not valid JSON" : messageOf(error);
    const message = `expected a JSON object of settings in ${path}: ${why}`;
    problems.push({ name: "LTB_CONFIG_FILE", message });
  }
  return values;
}

function readSecretFiles({ values, source }: Layer, problems: Problem[]): void {
  for (const name of SECRET_NAMES) {
    const path = values[`${name}_FILE`];
    if (path === undefined) continue;
    if (values[name] !== undefined) {
      problems.push({ name: `${name}_FILE`, message: `expected this or ${name}, got both in ${source}` });
      continue;
    }
    try {
      // Editors and `echo` end a file with a line break that does not belong to the secret.
      values[name] = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      const message = `expected a readable file, got ${path}: ${messageOf(error)}`;
      problems.push({ name: `${name}_FILE`, message });
    }
  }
}
