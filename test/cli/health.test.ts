import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { serve } from "../rpc/support.ts";
import { type Authority, createAuthority, local } from "../tls/certificates.ts";
import { serveTls } from "../tls/support.ts";
import { ltb } from "./support.ts";

let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority();
});

/** A listener with behaviour of its own, and the setting that names it. */
async function listen(server: ReturnType<typeof createServer>) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { LTB_HTTP_ADDRESS: `127.0.0.1:${port}` };
}

test("asks the address of the settings, also one that is bound to every address", async () => {
  const { httpUrl, httpAddress, database } = await serve();
  const settings = { LTB_HTTP_ADDRESS: `0.0.0.0:${httpAddress.port}` };
  const ready = { code: 0, stdout: `ready: ${httpUrl}/readyz\n`, stderr: "" };
  expect(await ltb(["health"], settings)).toEqual(ready);
  database.healthy = false;
  await eventually(async () => (await fetch(`${httpUrl}/readyz`)).status === 503);
  expect(await ltb(["health"], settings)).toEqual({
    code: 1,
    stdout: "",
    stderr: `not ready: ${httpUrl}/readyz answers 503 DATABASE_UNAVAILABLE\n`,
  });
  // A process that waits for its database is not to be restarted.
  const live = { code: 0, stdout: `alive: ${httpUrl}/healthz\n`, stderr: "" };
  expect(await ltb(["health", "--live"], settings)).toEqual(live);
});

test("asks by TLS, with a certificate where the service demands one", async () => {
  const pair = await authority.issue(local);
  const server = await serveTls({ pair, clientCa: authority.cert });
  const folder = temporaryFolder();
  const write = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const settings = {
    LTB_HTTP_ADDRESS: `127.0.0.1:${server.httpAddress.port}`,
    LTB_TLS_CERT_FILE: await write("tls.crt", pair.cert),
    LTB_TLS_KEY_FILE: await write("tls.key", pair.key),
  };
  const demanding = { ...settings, LTB_TLS_CLIENT_CA_FILE: await write("ca.crt", authority.cert) };
  const ready = { code: 0, stdout: `ready: ${server.httpUrl}/readyz\n`, stderr: "" };
  // The certificate of the service is signed by the authority of its clients, so it may show that.
  expect(await ltb(["health"], demanding)).toEqual(ready);
  const client = await authority.issue({ commonName: "probe" });
  const other = await (await createAuthority("Another CA")).issue({ commonName: "probe" });
  const shown = async ({ cert, key }: { cert: string; key: string }) => ({
    LTB_TLS_CLIENT_CERT_FILE: await write("client.crt", cert),
    LTB_TLS_CLIENT_KEY_FILE: await write("client.key", key),
  });
  expect(await ltb(["health"], { ...demanding, ...(await shown(client)) })).toEqual(ready);
  for (const [certificate, what] of [
    [await shown(other), "one of another authority"],
    [{ LTB_TLS_CLIENT_CA_FILE: "" }, "none"],
  ] as const) {
    const { code, stdout, stderr } = await ltb(["health"], { ...demanding, ...certificate });
    expect({ code, stdout }, what).toEqual({ code: 1, stdout: "" });
    expect(stderr, what).toMatch(/^not ready: https:\S+ does not answer: [^\n]+\n$/);
  }

  // Where the certificate is optional, none is shown, so it does not matter whose it is.
  const optional = await serveTls({
    pair,
    clientCa: (await createAuthority("Authority of clients")).cert,
    clientAuth: "optional",
  });
  const asked = { ...demanding, LTB_TLS_CLIENT_AUTH: "optional" };
  const address = `127.0.0.1:${optional.httpAddress.port}`;
  expect((await ltb(["health"], { ...asked, LTB_HTTP_ADDRESS: address })).code).toBe(0);
});

test("no service, another program and one that keeps silent: one line and exit code 1", async () => {
  const nobody = createServer();
  const free = await listen(nobody);
  nobody.close();
  const others = await listen(createServer((_, response) => response.end("welcome\nto another\n")));
  const silent = await listen(createServer());
  const half = await listen(createServer((_, response) => response.writeHead(200).flushHeaders()));
  const problems: [Record<string, string>, RegExp][] = [
    [free, /does not answer: nothing listens there$/],
    [others, /answers 200 welcome/],
    [silent, /does not answer: nothing came within 0.5 s$/],
    [half, /does not answer: nothing came within 0.5 s$/],
  ];
  for (const [settings, problem] of problems) {
    const { code, stdout, stderr } = await ltb(["health", "--timeout", "0.5"], settings);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^not ready: http:[^\n]+\n$/);
    expect(stderr.trimEnd()).toMatch(problem);
  }
  const { code, stderr } = await ltb(["health"], { LTB_HTTP_ADDRESS: "127.0.0.1:0" });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining("LTB_HTTP_ADDRESS has port 0"),
  });
});
