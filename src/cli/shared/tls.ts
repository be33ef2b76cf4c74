import { readFileSync } from "node:fs";
import { checkTlsOptions } from "../../client/tls-options.ts";
import { messageOf } from "../../thrown.ts";
import { UsageError } from "./errors.ts";
import { given } from "./options.ts";

/** Options of TLS, of every command that talks to the service. */
export interface TlsFlags {
  tls?: boolean;
  /** Paths of PEM files. */
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsServerName?: string;
}

/** The contents of the files, in the form that `runWorker` takes. */
export type TlsContents = Partial<Record<"ca" | "cert" | "key", Buffer>> & { serverName?: string };

/**
 * Combines the options and the address; undefined: clear text.
 * @throws UsageError if they contradict each other, or a file cannot be used
 */
export function tlsOf(flags: TlsFlags & { address: string }): TlsContents | undefined {
  const { address, tls, tlsCa, tlsCert, tlsKey, tlsServerName } = flags;
  if (address.startsWith("http://")) {
    if (tls) throw new UsageError("--tls contradicts the address, which begins with http://");
    // Variables of the environment are for another service then.
    return undefined;
  }
  const files = [tlsCa, tlsCert, tlsKey, tlsServerName];
  if (!tls && !address.startsWith("https://") && files.every((value) => value === undefined))
    return undefined;
  const [ca, cert, key] = [read("--tls-ca", tlsCa), read("--tls-cert", tlsCert), read("--tls-key", tlsKey)];
  const options: TlsContents = given({ ca, cert, key, serverName: tlsServerName });
  try {
    checkTlsOptions(options);
  } catch (error) {
    throw new UsageError(messageOf(error).replace(/^tls\.(\w+)/, "--tls-$1"));
  }
  return options;
}

function read(option: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${option}: expected a readable PEM file: ${messageOf(error)}`);
  }
}
