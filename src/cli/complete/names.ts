import { Command } from "../shared/command.ts";

/** A shell waits for no longer than this many seconds. */
const PATIENCE = 1;
/** Most names that are offered; the newest, where there are more. */
const NAMES = 1000;

export type NameKind = "benchmarks" | "datasets" | "workers" | "keys" | "limits" | "users";

/** A name, and a word about it. */
export interface Name {
  value: string;
  about?: string;
}

/**
 * What kind of names a placeholder in a command's help stands for.
 * @returns undefined for names that are new, and those of which there are too many
 */
export function kindOf(command: string, placeholder: string): NameKind | undefined {
  if (/ create$/.test(command)) return undefined;
  const [word = ""] = /^\w+/.exec(placeholder) ?? [];
  if (/^(benchmark|baseline|candidate)$/.test(word)) return "benchmarks";
  if (word === "dataset") return "datasets";
  if (word === "user") return "users";
  if (word === "id" && /^worker (show|drain)$/.test(command)) return "workers";
  if (word === "id" && /^key /.test(command)) return "keys";
  return word === "key" && /^(limit|job) /.test(command) ? "limits" : undefined;
}

/**
 * Asks the service for such names.
 * @param words the command line, which may say where the service is
 * @throws if it does not answer soon
 */
export async function findNames(kind: NameKind, words: readonly string[]): Promise<Name[]> {
  const connection = new Command().forService().allowUnknownOption().allowExcessArguments().exitOverride();
  connection.configureOutput({ outputError: () => undefined }).parse(words, { from: "user" });
  const { createClient } = await import("../shared/client.ts");
  using client = createClient({ ...connection.opts(), deadline: PATIENCE });
  const { benchmarks, workers, users, jobs } = client;
  const page = { pageSize: NAMES };
  switch (kind) {
    case "benchmarks": {
      const found = await benchmarks.listBenchmarks(page);
      return found.benchmarks.map(({ name, model, dataset }) => ({
        value: name,
        about: `${model} on ${dataset}`,
      }));
    }
    case "datasets": {
      const { datasetsOf } = await import("../shared/known-names.ts");
      return (await datasetsOf(benchmarks)).map((value) => ({ value }));
    }
    case "workers":
      return (await workers.listWorkers(page)).workers.map(({ workerId }) => ({ value: workerId }));
    case "keys":
      return (await users.listApiKeys(page)).apiKeys.map(({ id, name }) => ({ value: id, about: name }));
    case "limits":
      return (await jobs.listJobLimits(page)).limits.map(({ limitKey }) => ({ value: limitKey }));
    case "users":
      return (await users.listUsers(page)).users.map(({ username }) => ({ value: username }));
  }
}
