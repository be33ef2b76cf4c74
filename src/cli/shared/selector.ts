import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";
import type { Benchmark } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { reasonOf } from "../../client/errors.ts";
import type { BenchmarkClient } from "./client.ts";
import { CliError, UsageError } from "./errors.ts";
import { parseTime } from "./options.ts";
import { commandLine } from "./shell.ts";
import { statuses } from "./status.ts";

type Filter = NonNullable<Parameters<BenchmarkClient["listBenchmarks"]>[0]>;

const LATEST = "latest:";
const BASELINE = "baseline:";
const LABEL = "label.";

/**
 * Finds the benchmark that a selector stands for: `latest:DATASET,KEY=VALUE,…` is the newest that matches,
 * `baseline:DATASET` the dataset's pinned baseline.
 * @returns undefined for what is no selector
 * @throws {CliError} that names what was looked for, if there is none
 * @throws {UsageError} for a selector that cannot be read
 */
export async function findSelected(
  client: BenchmarkClient,
  reference: string,
): Promise<Benchmark | undefined> {
  if (reference.startsWith(LATEST)) return findLatest(client, reference);
  if (reference.startsWith(BASELINE)) return findBaseline(client, reference.slice(BASELINE.length));
  return undefined;
}

async function findLatest(client: BenchmarkClient, reference: string): Promise<Benchmark> {
  const { benchmarks } = await client.listBenchmarks({ ...parseLatest(reference), pageSize: 1 });
  const [newest] = benchmarks;
  if (newest !== undefined) return newest;
  const list = commandLine("benchmark list");
  throw new CliError(`no benchmark matches ${JSON.stringify(reference)}; ${list} shows them all`, {
    code: "NOT_FOUND",
  });
}

async function findBaseline(client: BenchmarkClient, dataset: string): Promise<Benchmark | undefined> {
  if (dataset === "") throw new UsageError("baseline: needs a dataset, as in baseline:gsm8k");
  const { baseline } = await client.getBaseline({ dataset }).catch((error: unknown) => {
    if (reasonOf(error) !== "NOT_FOUND") throw error;
    const set = commandLine("baseline set BENCHMARK");
    throw new CliError(`dataset ${JSON.stringify(dataset)} has no baseline; \`${set}\` pins one`, {
      code: "NOT_FOUND",
    });
  });
  return (await client.getBenchmark({ id: baseline?.benchmarkId ?? "" })).benchmark;
}

/**
 * Reads `latest:DATASET,KEY=VALUE,…`. A backslash takes the meaning from the comma, equals sign or backslash
 * after it, so every dataset and every label can be named.
 * @throws {UsageError}
 */
export function parseLatest(reference: string): Filter {
  const [dataset = "", ...pairs] = splitAt(",", reference.slice(LATEST.length));
  const fail = (problem: string): never => {
    throw new UsageError(
      `${JSON.stringify(reference)} ${problem}; it is written latest:DATASET,KEY=VALUE,…, with a backslash ` +
        "before a comma or an equals sign that is part of a name",
    );
  };
  if (dataset === "") fail("names no dataset");
  const filter: Filter = { dataset: unescaped(dataset) };
  const labels: [name: string, value: string][] = [];
  const seen = new Set<string>();
  for (const pair of pairs) {
    const [written = "", ...rest] = splitAt("=", pair);
    const [key, value] = [unescaped(written), unescaped(rest.join("="))];
    const isLabel = key.startsWith(LABEL);
    if (rest.length === 0 || (value === "" && !isLabel)) fail(`has no value for ${JSON.stringify(key)}`);
    if (seen.has(key)) fail(`names ${JSON.stringify(key)} twice`);
    seen.add(key);
    if (isLabel) labels.push([key.slice(LABEL.length), value]);
    else {
      const read = filters[key] ?? fail(`has ${JSON.stringify(key)}, which is none of ${known}`);
      try {
        Object.assign(filter, read(value));
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        fail(`has a wrong ${key}. ${error.message.replace(/\.$/, "")}`);
      }
    }
  }
  return { ...filter, labels: Object.fromEntries(labels) };
}

const filters: Readonly<Record<string, (value: string) => Filter>> = Object.assign(Object.create(null), {
  name: (name: string) => ({ name }),
  provider: (provider: string) => ({ provider }),
  model: (model: string) => ({ model }),
  status: (value: string) => {
    if (!Object.hasOwn(statuses, value))
      throw new InvalidArgumentError(`Expected one of ${Object.keys(statuses).join(", ")}.`);
    return { status: statuses[value as keyof typeof statuses] };
  },
  "created-by": (createdBy: string) => ({ createdBy }),
  "created-after": (time: string) => ({ createdAfter: timestampFromDate(parseTime(time)) }),
  "created-before": (time: string) => ({ createdBefore: timestampFromDate(parseTime(time)) }),
});

const known = [...Object.keys(filters), `${LABEL}NAME`].join(", ");

/** Splits at a character that has no backslash before it. */
function splitAt(separator: string, text: string): string[] {
  const parts = [""];
  for (const [piece] of text.matchAll(/\\.|./gsu)) {
    if (piece === separator) parts.push("");
    else parts[parts.length - 1] += piece;
  }
  return parts;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gsu, "$1");
}
