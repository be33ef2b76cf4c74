import type { Client } from "pg";
import type { Config, DatabaseConfig } from "../config.ts";
import type { Connection } from "../database/connection/connect.ts";

/** `warn`: it works, but not as it should, or not for long. `fail`: data or service are in danger. */
export type Level = "ok" | "warn" | "fail";

/** The finding of a check. */
export interface Finding {
  level: Level;
  message: string;
  /** The advice on it. */
  advice?: string;
}

/** The subject of the checks. The client's session is read-only. */
export interface Patient {
  client: Client;
  /** Returns the only row of a statement. */
  row: ReturnType<typeof rowReader>;
  connection: Connection;
  /** The database that the service connects to; the client may bypass its pooler. */
  database: DatabaseConfig;
  config: Config;
  /** Number of servers that will run on this database. */
  servers: number;
  /** The folder of the backups, if given. */
  backups: string | undefined;
}

/** Checks one subject, with one finding for each instance. */
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

/** Runs statements without parameters and returns the only row of each. */
export function rowReader(client: Client) {
  return async <Row extends object>(text: string): Promise<Row> => {
    const [row] = (await client.query<Row>(text)).rows;
    if (!row) throw new Error("a row was expected, none came");
    return row;
  };
}

/** Formats bytes for people: `1.5 GB`. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${units[power]}`;
}
