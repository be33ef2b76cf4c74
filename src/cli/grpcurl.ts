import type { DescMethod } from "@bufbuild/protobuf";
import { referToKey } from "./shared/api-key.ts";
import type { ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { print, printJson } from "./shared/output.ts";
import { tlsOf } from "./shared/tls.ts";

export function addCommand(program: Command): void {
  addServiceCommand(program, "grpcurl")
    .argument("[method]", "for example CreateJob, or JobService/CreateJob; without it all are listed")
    .summary("print a ready line of grpcurl for a method")
    .description(
      "Prints a command line that calls a method by grpcurl, with a filled example body: to be changed, or run as it stands. The API key is " +
        "not in it, only where it is. Nothing is called.",
    )
    .option(
      "--proto <folder>",
      "take the contract from the protos in this folder: for a service without reflection",
    )
    .examples(
      ["ltb grpcurl", "all methods"],
      "ltb grpcurl CreateJob",
      ["ltb grpcurl getstats | sh", "and run it"],
      "ltb grpcurl ListJobs --address https://bench:50052 --tls-ca ca.crt --proto proto",
    )
    .action(show);
}

async function show(name: string | undefined, options: ServiceOptions & { proto?: string }): Promise<void> {
  const { grpcurlLine } = await import("./grpcurl/line.ts");
  const { exampleOf, findMethod, ltbMethods, shortName } = await import("./grpcurl/methods.ts");
  const { permissionOf } = await import("../auth/permissions.ts");
  const secure = tlsOf(options) !== undefined;
  const lineOf = (method: DescMethod) => {
    const key = permissionOf(method) === "open" ? undefined : referToKey(options);
    return grpcurlLine(method, exampleOf(method), { ...options, secure, key });
  };
  const methods = name === undefined ? ltbMethods : [findMethod(name)];
  if (options.json) {
    const shown = methods.map((method) => ({
      method: `${method.parent.typeName}/${method.name}`,
      body: exampleOf(method),
      command: lineOf(method),
    }));
    printJson(name === undefined ? { methods: shown } : shown[0]);
  } else if (name === undefined) print(methods.map(shortName).join("\n"));
  else for (const method of methods) print(lineOf(method));
}
