import type { Client } from "pg";
import type { Config, DatabaseConfig } from "../config.ts";
import type { Connection } from "../database/connection/connect.ts";

/** `warn`: works, but not as it should, or not for long. `fail`: data or service are in danger. */
export type Level = "ok" | "warn" | "fail";

/** What a check has found. */
export interface Finding {
  level: Level;
  message: string;
  /** What to do about it. */
  advice?: string;
}

/** What checks look at. The client's session is read-only. */
export interface Patient {
  client: Client;
  connection: Connection;
  /** Where the service connects to; the client may lead around its pooler. */
  database: DatabaseConfig;
  config: Config;
  /** Servers that are to run on this database. */
  servers: number;
  /** Where backups are kept, if it was told. */
  backups: string | undefined;
}

/** Looks at one thing. Several findings where there are several things of the kind. */
export type Check = (patient: Patient) => Promise<Finding | readonly Finding[]>;

export function ok(message: string): Finding {
  return { level: "ok", message };
}

export function warn(message: string, advice: string): Finding {
  return { level: "warn", message, advice };
}

export function fail(message: string, advice: string): Finding {
  return { level: "fail", message, advice };
}

/** The rows of a statement without parameters. */
export async function rowsOf<Row extends object>(client: Client, text: string): Promise<Row[]> {
  return (await client.query<Row>(text)).rows;
}

/** The only row of a statement without parameters. */
export async function rowOf<Row extends object>(client: Client, text: string): Promise<Row> {
  const [row] = await rowsOf<Row>(client, text);
  if (!row) throw new Error("a row was expected, none came");
  return row;
}

/** Bytes for people: `1.5 GB`. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${units[power]}`;
}
