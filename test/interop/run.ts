import { parseArgs } from "node:util";
import { exerciseBrowser } from "./browser.ts";
import { exerciseCurl } from "./curl.ts";
import { exerciseTypescript } from "./examples.ts";
import { exerciseGo } from "./go.ts";
import { exerciseGrpcurl } from "./grpcurl.ts";
import { exerciseJava, findJava } from "./java.ts";
import { exercisePython } from "./python.ts";
import { Results } from "./results.ts";
import { type Service, startService } from "./service.ts";
import { installBrowser, installGoTools, installPython, isThere } from "./tools.ts";

// Exercises the service with clients that are not ours. Needs a network to install them, the first time.

interface Client {
  /** What has to be on the machine. */
  needs: string;
  install(): Promise<void>;
  exercise(services: { clear: Service; tls: Service }, results: Results): Promise<void>;
}

const clients: Record<string, Client> = {
  grpcurl: {
    needs: "go",
    install: () => installGoTools(["grpcurl"]),
    async exercise({ clear, tls }, results) {
      await exerciseGrpcurl(clear, results);
      await exerciseGrpcurl(tls, results);
    },
  },
  curl: {
    needs: "curl",
    install: async () => undefined,
    async exercise({ clear, tls }, results) {
      await exerciseCurl(clear, results);
      await exerciseCurl(tls, results);
    },
  },
  python: { needs: "python3", install: installPython, exercise: exercisePython },
  go: { needs: "go", install: async () => undefined, exercise: exerciseGo },
  java: { needs: "javac", install: findJava, exercise: exerciseJava },
  browser: { needs: "npm", install: installBrowser, exercise: exerciseBrowser },
  typescript: { needs: "node", install: async () => undefined, exercise: exerciseTypescript },
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    "skip-missing": { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: Object.keys(clients) },
  },
});

const results = new Results();
const chosen: [name: string, client: Client][] = [];
for (const name of values.only) {
  const client = clients[name];
  if (client === undefined) throw new Error(`--only: expected one of ${Object.keys(clients).join(", ")}`);
  const missing = await ((await isThere(client.needs))
    ? client.install().then(
        () => undefined,
        (error: unknown) => `cannot be installed: ${error instanceof Error ? error.message : error}`,
      )
    : `${client.needs} is not installed`);
  if (missing === undefined) chosen.push([name, client]);
  else if (values["skip-missing"]) process.stderr.write(`skipped ${name}: ${missing}\n`);
  else {
    const note = `${missing} (--skip-missing does without)`;
    results.add({ kind: "behaviour", client: name, what: "toolchain", passed: false, note });
  }
}

if (chosen.length > 0) {
  const services = { clear: await startService({ tls: false }), tls: await startService({ tls: true }) };
  try {
    for (const [name, client] of chosen)
      await client.exercise(services, results).catch((error: unknown) => {
        const note = error instanceof Error ? error.message : String(error);
        results.add({ kind: "behaviour", client: name, what: "is built and run", passed: false, note });
      });
  } finally {
    for (const [name, service] of Object.entries(services))
      await results.check(
        { kind: "behaviour", client: "service", what: `no errors logged, ends well (${name})` },
        async () => {
          await service.stop();
          return undefined;
        },
      );
  }
}

const { failed } = results;
if (values.json) process.stdout.write(`${JSON.stringify({ results: results.all })}\n`);
else {
  for (const kind of ["rpc", "behaviour"] as const) process.stdout.write(`${results.table(kind)}\n`);
  for (const { client, what, note } of failed) process.stdout.write(`FAILED ${client}: ${what} – ${note}\n`);
  process.stdout.write(`${results.all.length - failed.length} passed, ${failed.length} failed\n`);
}
process.exitCode = failed.length === 0 ? 0 : 1;
