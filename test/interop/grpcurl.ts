import { inGrpcurl } from "../../src/cli/grpcurl/line.ts";
import { ltbServices } from "../../src/client/services.ts";
import type { JsonObject } from "../../src/validation.ts";
import { run } from "./processes.ts";
import type { Results } from "./results.ts";
import { type Step, scenario, secondBenchmark } from "./scenario.ts";
import type { Service } from "./service.ts";
import { grpcurl } from "./tools.ts";

// grpcurl's exit code is 64 and the status code.
const DEADLINE_EXCEEDED = 64 + 4;
const UNAUTHENTICATED = 64 + 16;

/** grpcurl, by reflection: list, describe, every method with a key, and every method without one. */
export async function exerciseGrpcurl(service: Service, results: Results): Promise<void> {
  const client = service.caFile === undefined ? "grpcurl" : "grpcurl, TLS";
  const connection = service.caFile === undefined ? ["-plaintext"] : ["-cacert", service.caFile];
  const call = (name: string, body: JsonObject, key: string | undefined, more: string[] = []) =>
    run(grpcurl, [
      ...connection,
      ...(key === undefined ? [] : ["-H", `authorization: Bearer ${key}`]),
      ...[
        "-format-error",
        "-max-time",
        "20",
        ...more,
        "-d",
        JSON.stringify(body),
        service.grpc,
        `ltb.v1.${name}`,
      ],
    ]);

  await results.check({ kind: "behaviour", client, what: "list of the services" }, async () => {
    const { stdout } = await run(grpcurl, [...connection, service.grpc, "list"]);
    const listed = stdout.trim().split("\n");
    const wanted = [
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      ...ltbServices.map(({ typeName }) => typeName),
    ];
    if (listed.join() !== wanted.sort().join()) throw new Error(`listed ${listed}`);
    return `${listed.length} services`;
  });
  for (const { typeName, methods } of ltbServices) {
    await results.check({ kind: "behaviour", client, what: `describe ${typeName}` }, async () => {
      const { stdout } = await run(grpcurl, [...connection, service.grpc, "describe", typeName]);
      const absent = methods.filter(({ name }) => !stdout.includes(`rpc ${name} (`));
      if (absent.length > 0) throw new Error(`not described: ${absent.map(({ name }) => name)}`);
      return `${methods.length} methods`;
    });
  }
  await results.check({ kind: "behaviour", client, what: "health" }, async () => {
    const { stdout } = await run(grpcurl, [...connection, service.grpc, "grpc.health.v1.Health/Check"]);
    if (!stdout.includes("SERVING")) throw new Error(stdout);
    return undefined;
  });

  const steps = scenario();
  let session = service.key;
  for (const step of steps) {
    await results.check({ kind: "rpc", client, what: step.name }, async () => {
      if (step.name === "BenchmarkService/CompareBenchmarks") await createSecond(steps, call, service.key);
      const endless = step.method.name.startsWith("Watch");
      const key = step.name === "UserService/Logout" ? session : service.key;
      const ended = await call(
        step.name,
        inGrpcurl(step.method, step.body),
        key,
        endless ? ["-max-time", "3"] : [],
      );
      const answer = compact(ended.stdout);
      if (step.name === "UserService/Login") session = /"sessionToken":"([^"]+)/.exec(answer)?.[1] ?? session;
      return judge(step, ended.code, endless ? DEADLINE_EXCEEDED : 0, answer, ended.stderr);
    });
  }
  await Promise.all(
    Array.from({ length: 2 }, async (_, part) => {
      for (const step of steps.filter((_, index) => index % 2 === part)) {
        if (step.name === "UserService/Login") continue;
        await results.check({ kind: "rpc", client: `${client}, no key`, what: step.name }, async () => {
          const { code, stderr } = await call(step.name, inGrpcurl(step.method, step.body), undefined);
          if (code !== UNAUTHENTICATED || !stderr.includes("CREDENTIAL_MISSING"))
            throw new Error(`expected UNAUTHENTICATED, CREDENTIAL_MISSING; got ${code}: ${compact(stderr)}`);
          return undefined;
        });
      }
    }),
  );
}

function judge(
  step: Step,
  code: number | null,
  wanted: number,
  answer: string,
  error: string,
): string | undefined {
  if (code !== wanted) throw new Error(`ended with ${code}: ${compact(error)}`);
  if (!step.expected.test(answer)) throw new Error(`expected ${step.expected}, got ${answer.slice(0, 1000)}`);
  return undefined;
}

type Call = (name: string, body: JsonObject, key: string) => Promise<{ code: number | null; stderr: string }>;

async function createSecond(steps: Step[], call: Call, key: string): Promise<void> {
  const first = steps.find(({ name }) => name === "BenchmarkService/CreateBenchmark");
  const { code, stderr } = await call(
    "BenchmarkService/CreateBenchmark",
    secondBenchmark(first?.body ?? {}),
    key,
  );
  if (code !== 0) throw new Error(stderr);
}

/** JSON without what is only for people to read. */
function compact(text: string): string {
  return text.replaceAll(/\n\s*/g, "").replaceAll('": ', '":');
}
