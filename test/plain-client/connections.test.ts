import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { transportLimits } from "../../src/limits.ts";
import { startTestService } from "../cli/support.ts";
import { callUnary, openStream, plainClient } from "./support.ts";

const config = readFileSync(join(import.meta.dirname, "..", "..", "examples", "service-config.json"), "utf8");

let services: Awaited<ReturnType<typeof startTestService>>[];
let first: string;
beforeAll(async () => {
  services = [await startTestService(), await startTestService()];
  first = services[0]?.address ?? "";
});
afterAll(() => Promise.all(services.map((service) => service.stop())));

test("with the service config calls are spread over all servers, and go on when one is gone", async () => {
  const addresses = services.map(({ address }) => address);
  const client = plainClient(`ipv4:${addresses.join(",")}`, { "grpc.service_config": config });
  const peers = async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const { error, peer } = await callUnary(client, SystemService.method.getInfo, {});
      expect(error).toBeNull();
      seen.add(peer);
    }
    return [...seen].sort();
  };
  await expect.poll(peers).toEqual([...addresses].sort());
  await services.pop()?.stop();
  await expect.poll(peers).toEqual([first]);
});

test("a connection carries 200 calls at once; more wait, and another connection has room", async () => {
  const busy = plainClient(first);
  const streams = Array.from({ length: transportLimits.concurrentStreams }, () =>
    openStream(busy, JobService.method.watchJobs, {}),
  );
  await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once("data", resolve))));
  const waited = await callUnary(busy, SystemService.method.getInfo, {}, { deadlineMs: 500 });
  expect(waited.error?.code).toBe(status.DEADLINE_EXCEEDED);
  expect((await callUnary(plainClient(first), SystemService.method.getInfo, {})).error).toBeNull();
  streams[0]?.cancel();
  // Node may still count the cancelled stream when the next one comes, which it then refuses with
  // RESOURCE_EXHAUSTED.
  await expect
    .poll(async () => (await callUnary(busy, SystemService.method.getInfo, {})).error?.code)
    .toBeUndefined();
  for (const stream of streams) stream.cancel();
});

test("clients may ping often, without calls too", async () => {
  const client = plainClient(first, {
    "grpc.keepalive_time_ms": 50,
    "grpc.keepalive_timeout_ms": 1_000,
    "grpc.keepalive_permit_without_calls": 1,
  });
  const watch = openStream(client, JobService.method.watchJobs, {});
  let ended = false;
  watch.once("end", () => {
    ended = true;
  });
  await new Promise((resolve) => watch.once("data", resolve));
  await sleep(1_500);
  expect(ended).toBe(false);
  watch.cancel();
  await sleep(500);
  expect((await callUnary(client, SystemService.method.getInfo, {})).error).toBeNull();
});
