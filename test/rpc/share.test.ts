import { setTimeout as sleep } from "node:timers/promises";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, onTestFinished, test } from "vitest";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { ServiceError } from "../../src/errors.ts";
import { limits } from "../../src/limits.ts";
import { createLogger } from "../../src/log.ts";
import { provide } from "../../src/rpc/call/handler.ts";
import { startServer } from "../../src/server.ts";
import { serverConfig } from "../harness/server-config.ts";
import { failure } from "./support.ts";

interface Ports {
  grpcAddress: { port: number };
  httpAddress: { port: number };
}

const listeners: Record<string, (server: Ports) => Transport> = {
  gRPC: ({ grpcAddress }) => createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcAddress.port}` }),
  HTTP: ({ httpAddress }) =>
    createConnectTransport({ baseUrl: `http://127.0.0.1:${httpAddress.port}`, httpVersion: "1.1" }),
};

describe.each(Object.entries(listeners))("over %s", (_, transportTo) => {
  /** Counts how often it is asked, and answers with that once it may. */
  async function counting(answer: (count: number) => Promise<number> | number) {
    let count = 0;
    const server = await startServer({
      config: serverConfig,
      database: { healthCheck: async () => true },
      services: [
        provide(JobService, {
          getJobStats: async () => ({ total: await answer(++count) }),
          listJobPauses: async () => ({ nextPageToken: String(++count) }),
        }),
      ],
      access: { auth: "off" },
      log: createLogger("silent"),
    });
    onTestFinished(() => server.stop());
    const jobs = createClient(JobService, transportTo(server));
    return {
      jobs,
      /** The answer, and whether the caller was told that it is another's. */
      ask: async (jobType: string, place?: string, signal?: AbortSignal) => {
        let told: string | null = null;
        const { total } = await jobs.getJobStats(
          { jobType },
          {
            ...(place && { headers: { "ltb-read": place } }),
            ...(signal && { signal }),
            onTrailer: (trailer) => {
              told = trailer.get("ltb-read");
            },
          },
        );
        return { total, told };
      },
    };
  }

  test("calls that accept it share an answer of the same request", async () => {
    const { ask } = await counting(async (count) => {
      await sleep(50);
      return count;
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask("a", "shared")));
    expect(new Set(answers.map(({ total }) => total))).toEqual(new Set([1]));
    expect(answers.filter(({ told }) => told === "shared")).toHaveLength(9);
    expect(await ask("a", "shared")).toEqual({ total: 1, told: "shared" });
    expect(await ask("b", "shared")).toEqual({ total: 2, told: null });
    expect(await ask("a")).toEqual({ total: 3, told: null });
    expect(await ask("a", "primary")).toMatchObject({ total: 4 });
  });

  test("an answer is given for two seconds", async () => {
    const { ask } = await counting((count) => count);
    expect(await ask("a", "shared")).toMatchObject({ total: 1 });
    await sleep(limits.sharedAnswerMs + 100);
    expect(await ask("a", "shared")).toEqual({ total: 2, told: null });
  });

  test("a failure is told to those who wait, and not kept", async () => {
    const { ask } = await counting(async (count) => {
      await sleep(50);
      if (count === 1) throw new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", "not now");
      return count;
    });
    const codes = await Promise.all([1, 2].map(async () => (await failure(ask("a", "shared"))).code));
    expect(codes).toEqual([Code.Unavailable, Code.Unavailable]);
    expect(await ask("a", "shared")).toEqual({ total: 2, told: null });
  });

  test("others get the answer of a call that was given up", async () => {
    const { ask } = await counting(async (count) => {
      await sleep(300);
      return count;
    });
    const leaving = new AbortController();
    const first = failure(ask("a", "shared", leaving.signal));
    await sleep(100);
    const second = ask("a", "shared");
    leaving.abort();
    expect((await first).code).toBe(Code.Canceled);
    expect(await second).toEqual({ total: 1, told: "shared" });
  });

  test("methods that answer what a caller may change at once are not shared, and other words refused", async () => {
    const { jobs, ask } = await counting((count) => count);
    const headers = { "ltb-read": "shared" };
    expect(await jobs.listJobPauses({}, { headers })).toMatchObject({ nextPageToken: "1" });
    expect(await jobs.listJobPauses({}, { headers })).toMatchObject({ nextPageToken: "2" });
    expect(await failure(ask("a", "stale"))).toMatchObject({ code: Code.InvalidArgument });
  });
});
