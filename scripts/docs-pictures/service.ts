import { readFile } from "node:fs/promises";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { formatAddress } from "../../src/address.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";

/** A service with nothing stored, which an admin may fill and look at. */
interface DemoService {
  benchmarks: Client<typeof BenchmarkService>;
  /** The address of the console. */
  console: string;
  /** A link to the console that signs in, once. */
  signInLink(): Promise<string>;
  stop(): Promise<void>;
}

/** @param dataDir where the service keeps its database, which it makes */
export async function startDemoService(dataDir: string): Promise<DemoService> {
  const env = {
    LTB_DATA_DIR: dataDir,
    LTB_GRPC_ADDRESS: "127.0.0.1:0",
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
    LTB_DRAIN_TIMEOUT: "1s",
  };
  const service = await serve(loadConfig({ env, cwd: dataDir }), { log: createLogger("warn") });
  if (service.keys.kind !== "file") throw new Error("the service has made no key for its first admin");
  const key = (await readFile(service.keys.file, "utf8")).trim();
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createGrpcTransport({
    baseUrl: `http://${formatAddress(service.grpcAddress)}`,
    interceptors: [authorize],
  });
  const console = `http://${formatAddress(service.httpAddress)}/console`;
  return {
    benchmarks: createClient(BenchmarkService, transport),
    console,
    signInLink: async () => `${console}/#code=${await service.makeLoginCode()}`,
    stop: () => service.stop(),
  };
}
