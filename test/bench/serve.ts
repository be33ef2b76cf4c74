import { formatAddress } from "../../src/address.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger, openOutput } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";

const config = loadConfig();
const service = await serve(config, { log: createLogger(config.logLevel, openOutput(2)) });
process.once("SIGTERM", () => service.stop().then(() => process.exit(0)));
console.log(formatAddress(service.grpcAddress), formatAddress(service.httpAddress));
