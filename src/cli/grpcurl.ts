import { relative } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import { grpcurlLine, quoted } from "./grpcurl/line.ts";
import { exampleOf, findMethods, ltbMethods, shortName, similarMethods } from "./grpcurl/methods.ts";
import { keyFileFor } from "./shared/api-key.ts";
import { type ServiceOptions, withServiceOptions } from "./shared/client.ts";
import { CliError } from "./shared/errors.ts";
import { examples } from "./shared/examples.ts";
import { print, printJson } from "./shared/output.ts";
import { tlsOf } from "./shared/tls.ts";

export function grpcurlCommand(program: Command): void {
  withServiceOptions(program.command("grpcurl"))
    .argument("[method]", "for example CreateJob, or JobService/CreateJob; without it all are listed")
    .summary("print a ready line of grpcurl for a method")
    .description(
      "Prints a command line that calls a method by grpcurl, with a filled example body: to be changed, or run as it stands. The API key is " +
        "not in it, only where it is. Nothing is called.",
    )
    .addOption(
      new Option(
        "--proto <folder>",
        "take the contract from the protos in this folder: for a service without reflection",
      ),
    )
    .addHelpText(
      "after",
      examples(
        ["ltb grpcurl", "all methods"],
        ["ltb grpcurl CreateJob", ""],
        ["ltb grpcurl getstats | sh", "and run it"],
        ["ltb grpcurl ListJobs --address https://bench:50052 --tls-ca ca.crt --proto proto", ""],
      ),
    )
    .action(show);
}

function show(name: string | undefined, options: ServiceOptions & { proto?: string }): void {
  const target = { ...options, secure: tlsOf(options) !== undefined, key: keyWord(options) };
  const methods = name === undefined ? ltbMethods : [theMethod(name)];
  if (options.json) {
    const shown = methods.map((method) => ({
      method: `${method.parent.typeName}/${method.name}`,
      body: exampleOf(method),
      command: grpcurlLine(method, target),
    }));
    printJson(name === undefined ? { methods: shown } : shown[0]);
  } else if (name === undefined) print(methods.map(shortName).join("\n"));
  else for (const method of methods) print(grpcurlLine(method, target));
}

function theMethod(name: string): DescMethod {
  const [method] = findMethods(name);
  if (method !== undefined) return method;
  const similar = similarMethods(name).slice(0, 5);
  const hint = similar.length === 0 ? "ltb grpcurl lists all" : `did you mean ${similar.join(", ")}?`;
  throw new CliError(`there is no method ${JSON.stringify(name)}; ${hint}`, { usage: true });
}

/** What the shell puts the key in for: the variable that holds it, or its file. */
export function keyWord({ address, apiKey }: ServiceOptions): string {
  const file = apiKey === undefined ? keyFileFor({ address }) : undefined;
  if (file === undefined) return "$LTB_API_KEY";
  const near = relative("", file);
  return `$(cat ${quoted(near.startsWith("..") || near.length >= file.length ? file : near)})`;
}
