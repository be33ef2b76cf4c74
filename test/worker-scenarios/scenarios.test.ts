import { afterAll, describe, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { readScenarios, type Scenario } from "./format.ts";
import { Play } from "./play.ts";
import { isTypescript } from "./worker-process.ts";

// The worker of TypeScript, or that of LTB_WORKER_PROGRAM, in every scenario. README.md says how.

const connection = await createTestDatabase();
const env = { LTB_GRPC_ADDRESS: "127.0.0.1:0", LTB_HTTP_ADDRESS: "127.0.0.1:0", LTB_AUTH: "off" };
const service = await serve(
  {
    ...loadConfig({ env, cwd: import.meta.dirname }),
    database: { kind: "external", connection, migration: undefined, replica: undefined, listen: true },
  },
  { log: createLogger("error", { write: (line) => process.stderr.write(line) }) },
);
const client = createClient({ address: `127.0.0.1:${service.grpcAddress.port}` });
afterAll(async () => {
  client.close();
  await service.stop();
});

// Calls are counted for all scenarios together, so those that look at their number run alone.
const [counting, others] = [readScenarios(), readScenarios()].map((all, index) =>
  all.filter(({ steps }) => steps.some(({ calls }) => calls) === (index === 0)),
);

describe.for([
  ["one by one", counting ?? [], false],
  ["side by side", others ?? [], true],
] as const)("%s", ([, scenarios, concurrent]) => {
  test.for(scenarios.map((scenario) => [scenario.name, scenario] as [string, Scenario]))(
    "%s",
    { concurrent },
    async ([, scenario], { expect, onTestFinished, skip }) => {
      if (scenario.threads !== undefined) skip(isTypescript, scenario.threads);
      const play = new Play({ service, client, expect });
      onTestFinished(() => play.end());
      await play.run(scenario);
    },
  );
});
