import { loadConfig } from "../../src/config.ts";
import { createLogger, gatheredOutput } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";

const config = loadConfig();
const service = await serve(config, { log: createLogger(config.logLevel, gatheredOutput(2)) });
process.once("SIGTERM", () => service.stop().then(() => process.exit(0)));
console.log(`${service.grpcAddress.host}:${service.grpcAddress.port}`);
