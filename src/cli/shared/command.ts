import { Command as CommanderCommand, Help, InvalidArgumentError, Option } from "commander";
import type { ServiceClient, ServiceOptions } from "./client.ts";
import { UsageError } from "./errors.ts";
import { parseCount, parseSeconds } from "./options.ts";

const DEFAULT_ADDRESS = "localhost:50052";
const DEFAULT_DEADLINE_SECONDS = 30;

const CONNECTION = "Connection:";

/** Help that shows what is a command's own before the options that many share. */
class OwnFirstHelp extends Help {
  override visibleOptions(command: CommanderCommand): Option[] {
    const place = ({ long, helpGroupHeading }: Option) => {
      if (helpGroupHeading === CONNECTION) return 2;
      return /^--(replica|json|help)$/.test(long ?? "") ? 1 : 0;
    };
    return super.visibleOptions(command).toSorted((a, b) => place(a) - place(b));
  }

  /** Groups come in the order of what is shown, and not of what was added. */
  override groupItems<T extends CommanderCommand | Option>(_: T[], shown: T[], groupOf: (item: T) => string) {
    return super.groupItems([], shown, groupOf);
  }
}

/** A command of commander, with the options and the kind of help that many of ours share. */
export class Command extends CommanderCommand {
  declare readonly commands: readonly Command[];

  override createCommand(name?: string): Command {
    return new Command(name);
  }

  override createHelp(): Help {
    return Object.assign(new OwnFirstHelp(), this.configureHelp());
  }

  /** Whoever names a group of commands and none of them has asked for help, which is no error. */
  override help(): never {
    return super.help();
  }

  /** Adds what `ServiceOptions` holds: --address, --api-key, --tls and its kind, --deadline and --json. */
  forService(): this {
    const address = "gRPC address of the service; https://host:port for one with TLS";
    const key =
      "API key (also the content of LTB_API_KEY_FILE); on this machine that of the embedded default is found";
    const ca = "authorities to trust instead of the public ones (PEM)";
    return this.addOption(
      option("--address <host:port>", address)
        .env("LTB_ADDRESS")
        .argParser(hostWithPort)
        .default(DEFAULT_ADDRESS),
    )
      .addOption(option("--api-key <key>", key).env("LTB_API_KEY"))
      .addOption(option("--tls", "use TLS, as an https:// address does; the options below imply it"))
      .addOption(option("--tls-ca <file>", ca).env("LTB_TLS_CA_FILE"))
      .withCertificate()
      .addOption(
        option("--tls-server-name <name>", "name that the service's certificate bears, if not the host's"),
      )
      .addOption(
        option("--deadline <seconds>", "longest time that a call may take which is not a stream")
          .argParser(parseSeconds)
          .default(DEFAULT_DEADLINE_SECONDS),
      )
      .withJson();
  }

  /** Adds --tls-cert and --tls-key. */
  withCertificate(): this {
    const certificate = "certificate to show to a service that demands one (PEM)";
    const privateKey = "private key of that certificate (PEM)";
    return this.addOption(option("--tls-cert <file>", certificate).env("LTB_TLS_CLIENT_CERT_FILE")).addOption(
      option("--tls-key <file>", privateKey).env("LTB_TLS_CLIENT_KEY_FILE"),
    );
  }

  /** Adds --replica, for commands that read much. */
  withReplica(): this {
    return this.option(
      "--replica",
      "read from the database's replica, if the service has one: a few seconds behind at most, and no burden to the primary",
    );
  }

  /** Adds what `DatabaseOptions` holds: --config and --json. */
  forDatabase(): this {
    return this.option("--config <file>", "JSON file with settings (LTB_CONFIG_FILE)").withJson();
  }

  /** Adds what `Direction` holds: --lower-is-better and --higher-is-better. */
  withDirection(): this {
    const higher = new Option("--higher-is-better", "higher values are better, as of every other metric");
    return this.option(
      "--lower-is-better",
      "lower values are better; so it is of latency_ms, cost_usd and tokens anyway",
    ).addOption(higher.conflicts("lowerIsBetter"));
  }

  /** Adds what `Reducing` holds: --reducer, one of `names`, and --k. */
  withReducer(names: readonly string[]): this {
    return this.choice(
      "--reducer <reducer>",
      "how the repetitions of a sample become one value (default: mean); pass_at_k: one of k succeeds, pass_hat_k: all of k do",
      names,
    ).option("--k <n>", "the k of at_least_k, pass_at_k and pass_hat_k", parseCount);
  }

  /** Adds --group-by. */
  withGroups(): this {
    return this.option(
      "--group-by <key>",
      "also show groups: by a key of the metadata (subject, doc.subject), by provider or model, or by a label of the benchmark (label.branch)",
    );
  }

  /** Adds what `Filling` holds: --missing, one of `names`, and --range. */
  withMissing(names: readonly string[], parseRange: (text: string) => object): this {
    return this.choice(
      "--missing <how>",
      "samples without a value, and repetitions that others lack: exclude leaves them out (default), as_worst counts each as the worst value, bounds tells what the mean may be",
      names,
    ).withRange(parseRange);
  }

  /** Adds --range, the ends of what a value can be. */
  withRange(parseRange: (text: string) => object): this {
    return this.option(
      "--range <low:high>",
      "the ends of what a value can be, where they are not 0 and 1: 0:10, or :30000 for one",
      parseRange,
    );
  }

  /** Adds what `Clustering` holds: --cluster-by. */
  withClusters(): this {
    return this.option(
      "--cluster-by <key>",
      "key of the metadata (a.b: b of the object a) whose equal values make samples dependent, such as questions on one text",
    );
  }

  /** Adds --limit, for lists. */
  withLimit(): this {
    return this.option("--limit <n>", "at most this many", parseCount, 50);
  }

  /** Adds an option that takes one of `values`. */
  choice(flags: string, description: string, values: readonly string[], initial?: string): this {
    const option = new Option(flags, description).choices(values);
    return this.addOption(initial === undefined ? option : option.default(initial));
  }

  /** Adds command lines below the help, some with what they are for. */
  examples(...lines: (string | [command: string, what: string])[]): this {
    const pairs = lines.map((line) => (typeof line === "string" ? ([line, ""] as const) : line));
    const width = Math.max(0, ...pairs.map(([command, what]) => (what === "" ? 0 : command.length)));
    const written = pairs.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`.trimEnd());
    return this.addHelpText("after", `\nExamples:\n${written.join("\n")}`);
  }

  /** Sets the action of a command of the service. Its client is closed when `work` ends. */
  callService<Args extends unknown[]>(work: (client: ServiceClient, ...args: Args) => Promise<void>): this {
    return this.action(async (...args: Args) => {
      const { createClient } = await import("./client.ts");
      using client = createClient(this.opts<ServiceOptions>());
      await work(client, ...args);
    });
  }

  withJson(): this {
    return this.option("--json", "print JSON: one object on stdout, errors on stderr");
  }
}

/** Adds a command that talks to the service. */
export function addServiceCommand(parent: Command, name: string): Command {
  return parent.command(name).forService();
}

/** Adds a command that looks into the configured database. */
export function addDatabaseCommand(parent: Command, name: string): Command {
  return parent.command(name).forDatabase();
}

/**
 * Refuses an empty argument, and an empty value of an option, except of a `<text>`. It is mostly a variable
 * of a script that is not set, and the service takes it for what nobody asked for: as a name it is that of
 * every benchmark.
 * @throws UsageError
 */
export function refuseEmpty(command: CommanderCommand): void {
  // The line that a shell asks about may have empty words.
  if (command.name() === "complete") return;
  const isEmpty = (value: unknown) => [value].flat().includes("");
  const argument = command.registeredArguments.find((_, index) => isEmpty(command.processedArgs[index]));
  if (argument !== undefined) throw new UsageError(`<${argument.name()}> is empty: give it a value`);
  for (const option of command.options) {
    const name = option.attributeName();
    const isGiven = command.getOptionValueSource(name) === "cli" && !option.flags.endsWith("<text>");
    if (isGiven && isEmpty(command.getOptionValue(name)))
      throw new UsageError(`${option.long} is empty: give it a value, or leave it out`);
  }
}

/** An option of the connection to the service. */
function option(flags: string, description: string): Option {
  return new Option(flags, description).helpGroup(CONNECTION);
}

function hostWithPort(address: string): string {
  const url = URL.parse(/^https?:\/\//.test(address) ? address : `http://${address}`);
  if (url === null || url.pathname !== "/" || !/:\d+\/?$/.test(address))
    throw new InvalidArgumentError(`Expected host:port, such as ${DEFAULT_ADDRESS}.`);
  return address.replace(/\/$/, "");
}
