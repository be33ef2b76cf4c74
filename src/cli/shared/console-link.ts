import { hostAndPort } from "../../address.ts";
import type { ServiceClient, ServiceOptions } from "./client.ts";
import { note } from "./output.ts";
import { tlsOf } from "./tls.ts";

/** The console of the service at `--address`, whose HTTP port is `port`, with a slash at its end. */
export function consoleUrlOf(options: ServiceOptions, port: number): string {
  const { hostname } = new URL(`http://${hostAndPort(options.address)}`);
  return `${tlsOf(options) ? "https" : "http"}://${hostname}:${port}/console/`;
}

/**
 * Says to a person at a terminal where the console shows this, unless there is none or it cannot be told.
 * @param path of the page below `/console/`
 */
export async function noteConsole(
  { system }: Pick<ServiceClient, "system">,
  options: ServiceOptions,
  path: string,
): Promise<void> {
  if (options.json || !process.stderr.isTTY) return;
  // A console that cannot be asked for is no failure of what was done.
  const port = await system.getInfo({}).then(
    ({ consolePort }) => consolePort,
    () => 0,
  );
  if (port > 0) note(`in the console: ${consoleUrlOf(options, port)}${path}`);
}
