import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { beforeAll, describe, expect, test } from "vitest";
import { usernameOf } from "../../src/auth/certificates.ts";
import type { RunningService } from "../../src/serve.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { within } from "../harness/waiting.ts";
import { type Authority, createAuthority, local, type Names } from "../tls/certificates.ts";
import { bearer, bench, type Caller, clients, outcome } from "./support.ts";

describe("the name in a certificate", () => {
  const certificate = (uris: string[], commonName?: string) => ({
    ...(commonName !== undefined && { commonName }),
    dnsNames: [],
    uris,
    fingerprint256: "",
  });

  test.each<[string[], string | undefined, string | undefined]>([
    [["ltb:user:gpu-1"], "other", "gpu-1"],
    [["spiffe://bench/x", "ltb:user:gpu-1"], undefined, "gpu-1"],
    [["ltb:user:gpu%201"], undefined, "gpu 1"],
    [["spiffe://bench/x"], "gpu-1", "gpu-1"],
    [[], "gpu-1", "gpu-1"],
    [[], undefined, undefined],
    [[], "", undefined],
    [["ltb:user:"], "gpu-1", undefined],
    // None of several is the name, also not the common one.
    [["ltb:user:a", "ltb:user:b"], "gpu-1", undefined],
    [["ltb:user:%"], "gpu-1", undefined],
    [["ltb:user:a%00"], "gpu-1", undefined],
  ])("%j, CN %j: %j", (uris, commonName, username) => {
    expect(usernameOf(certificate(uris, commonName))).toBe(username);
  });
});

describe("calls with a client certificate", () => {
  let authority: Authority;
  let service: RunningService;
  let own: Awaited<ReturnType<typeof bench>>;
  let worker: Caller;
  let admin: Caller;
  const folder = temporaryFolder();
  beforeAll(async () => {
    own = await bench();
    authority = await createAuthority();
    const server = await authority.issue(local);
    const write = async (name: string, content: string) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    service = await own.serve({
      LTB_TLS_CERT_FILE: await write("tls.crt", server.cert),
      LTB_TLS_KEY_FILE: await write("tls.key", server.key),
      LTB_TLS_CLIENT_CA_FILE: await write("ca.crt", authority.cert),
      LTB_TLS_CLIENT_AUTH: "optional",
    });
    worker = await own.caller("worker");
    admin = await own.caller("admin");
  });

  /** Over both listeners, by a certificate with these names; without: by none. */
  async function ways(names: Partial<Names> | undefined, key?: string): Promise<Transport[]> {
    const pair = names && (await authority.issue({ commonName: "x", ...names }));
    const nodeOptions = { ca: authority.cert, ...pair };
    const interceptors = key === undefined ? [] : [bearer(key)];
    return [
      createGrpcTransport({
        baseUrl: `https://localhost:${service.grpcAddress.port}`,
        nodeOptions,
        interceptors,
      }),
      createConnectTransport({
        baseUrl: `https://localhost:${service.httpAddress.port}`,
        httpVersion: "1.1",
        nodeOptions,
        interceptors,
      }),
    ];
  }

  test("a worker is known by it, with its role and nothing more", async () => {
    for (const names of [{ commonName: worker.username }, { uris: [`ltb:user:${worker.username}`] }]) {
      for (const transport of await ways(names)) {
        const { users, jobs, workers } = clients(transport);
        expect((await users.whoAmI({})).user?.id).toBe(worker.userId);
        expect(await outcome(workers.registerWorker({ workerId: "by-certificate" }))).toBe("OK");
        expect(await outcome(jobs.createJob({ jobType: "t" }))).toBe("ROLE_REQUIRED");
      }
    }
    expect((await own.db.workers.getByWorkerId("by-certificate")).createdBy).toBe(worker.userId);
  });

  test("nobody else is, and without one a key is needed", async () => {
    const user = await own.caller("user");
    for (const commonName of [admin.username, user.username, "nobody", "x".repeat(60)])
      for (const transport of await ways({ commonName }))
        expect(await outcome(clients(transport).system.getInfo({}))).toBe("CREDENTIAL_INVALID");
    for (const transport of await ways(undefined))
      expect(await outcome(clients(transport).system.getInfo({}))).toBe("CREDENTIAL_MISSING");
  });

  test("an authorization goes before it", async () => {
    for (const transport of await ways({ commonName: worker.username }, admin.key))
      expect((await clients(transport).users.whoAmI({})).user?.id).toBe(admin.userId);
    for (const transport of await ways({ commonName: worker.username }, "wrong"))
      expect(await outcome(clients(transport).system.getInfo({}))).toBe("CREDENTIAL_INVALID");
  });

  test("a user who is disabled is out within a second, parked calls included", async () => {
    const { userId, username } = await own.caller("worker");
    const [transport] = await ways({ commonName: username });
    if (!transport) throw new Error("no transport");
    const { jobs, workers } = clients(transport);
    await workers.registerWorker({ workerId: username, jobTypes: ["never"] });
    const parked = outcome(jobs.claimJobs({ workerId: username, wait: { seconds: 20n, nanos: 0 } }));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await own.db.users.update(userId, { active: false });
    expect(await within(1_000, parked, () => own.db.healthCheck())).toBe("CREDENTIAL_REVOKED");
    expect(await outcome(workers.heartbeat({ workerId: username }))).toBe("CREDENTIAL_INVALID");
  });
});
