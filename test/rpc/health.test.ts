import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../gen/health/v1/health_pb.ts";
import { eventually, within } from "../harness/waiting.ts";
import { failure, reasonOf, serve, type TestServer, wires } from "./support.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

/** The statuses that a Watch has told so far, and how it ended. */
function watch(client: ReturnType<typeof clientOf>, service: string) {
  const told: ServingStatus[] = [];
  const ended = (async () => {
    for await (const { status } of client.watch({ service })) told.push(status);
  })();
  ended.catch(() => undefined);
  return { told, ended };
}

const clientOf = (server: TestServer, wire = "gRPC") => {
  const transportTo = wires[wire];
  if (!transportTo) throw new Error(`no wire ${wire}`);
  return createClient(Health, transportTo(server));
};

describe.each(Object.keys(wires))("health over %s", (wire) => {
  test("checks and lists the server and each service", async () => {
    const client = clientOf(await serve(), wire);
    expect((await client.check({})).status).toBe(SERVING);
    expect((await client.check({ service: "ltb.v1.BenchmarkService" })).status).toBe(SERVING);
    const { statuses } = await client.list({});
    expect(Object.keys(statuses).sort()).toEqual(["", "ltb.v1.BenchmarkService", "ltb.v1.SystemService"]);
    const error = await failure(client.check({ service: "ltb.v1.Nope" }));
    expect(error.code).toBe(Code.NotFound);
    expect(reasonOf(error)).toBe("NOT_FOUND");
  });

  test("watches: at once, at each change, and until the server stops", async () => {
    const server = await serve();
    const client = clientOf(server, wire);
    const known = watch(client, "ltb.v1.BenchmarkService");
    const unknown = watch(client, "ltb.v1.Nope");
    await eventually(() => known.told.length === 1 && unknown.told.length === 1);
    server.database.healthy = false;
    await eventually(() => known.told.length === 2);
    expect((await client.check({})).status).toBe(NOT_SERVING);
    server.database.healthy = true;
    await eventually(() => known.told.length === 3);
    // No watch is waited for until its time to end by itself is up.
    await within(900, server.stop());
    const error = await failure(known.ended);
    expect(error.code).toBe(Code.Unavailable);
    expect(reasonOf(error)).toBe("SHUTTING_DOWN");
    expect(known.told).toEqual([SERVING, NOT_SERVING, SERVING, NOT_SERVING]);
    expect(unknown.told).toEqual([SERVICE_UNKNOWN]);
  });
});
