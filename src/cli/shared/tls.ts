import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { checkTlsOptions } from "../../client/tls-options.ts";
import { CliError } from "./errors.ts";

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
export interface TlsContents {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  serverName?: string;
}

/** Adds --tls, --tls-ca, --tls-cert, --tls-key and --tls-server-name. */
export function withTlsOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--tls",
        "use TLS, as an https:// address does; the options below and their variables imply it",
      ),
    )
    .addOption(
      new Option("--tls-ca <file>", "authorities to trust instead of the public ones (PEM)").env(
        "LTB_TLS_CA_FILE",
      ),
    )
    .addOption(
      new Option("--tls-cert <file>", "certificate to show to a service that demands one (PEM)").env(
        "LTB_TLS_CLIENT_CERT_FILE",
      ),
    )
    .addOption(
      new Option("--tls-key <file>", "private key of that certificate (PEM)").env("LTB_TLS_CLIENT_KEY_FILE"),
    )
    .addOption(
      new Option(
        "--tls-server-name <name>",
        "name that the service's certificate has to bear, if not the host's",
      ),
    );
}

/**
 * Combines the options and the address; undefined: clear text.
 * @throws CliError if they contradict each other, or a file cannot be used
 */
export function tlsOf({
  address,
  tls,
  tlsCa,
  tlsCert,
  tlsKey,
  tlsServerName,
}: TlsFlags & { address: string }): TlsContents | undefined {
  if (address.startsWith("http://")) {
    if (tls) throw wrong("--tls contradicts the address, which begins with http://");
    // Variables of the environment are for another service then.
    return undefined;
  }
  const files = [tlsCa, tlsCert, tlsKey, tlsServerName];
  if (!tls && !address.startsWith("https://") && files.every((value) => value === undefined))
    return undefined;
  const options: TlsContents = {
    ...(tlsCa !== undefined && { ca: read("--tls-ca", tlsCa) }),
    ...(tlsCert !== undefined && { cert: read("--tls-cert", tlsCert) }),
    ...(tlsKey !== undefined && { key: read("--tls-key", tlsKey) }),
    ...(tlsServerName !== undefined && { serverName: tlsServerName }),
  };
  try {
    checkTlsOptions(options);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message.replace(/^tls\.(\w+)/, "--tls-$1") : String(error));
  }
  return options;
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw wrong(`${option}: expected a readable PEM file: ${error instanceof Error ? error.message : error}`);
  }
}

function wrong(message: string): CliError {
  return new CliError(message, { usage: true });
}
