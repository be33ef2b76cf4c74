import { writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { writeBanner } from "../../src/cli/shared/banner.ts";
import { createClient } from "../../src/client/index.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";
import { ltb } from "../cli/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { createAuthority, days, local, type Pair } from "./certificates.ts";

async function filesOf({ cert, key }: Pair) {
  const folder = temporaryFolder();
  const settings = { LTB_TLS_CERT_FILE: join(folder, "tls.crt"), LTB_TLS_KEY_FILE: join(folder, "tls.key") };
  await writeFile(settings.LTB_TLS_CERT_FILE, cert);
  await writeFile(settings.LTB_TLS_KEY_FILE, key);
  return settings;
}

test("the service with TLS on both ports, on an address that others can reach", async () => {
  const authority = await createAuthority();
  const env = {
    ...(await filesOf(await authority.issue(local))),
    LTB_GRPC_ADDRESS: "0.0.0.0:0",
    LTB_HTTP_ADDRESS: "0.0.0.0:0",
  };
  const connection = await createTestDatabase();
  const config = {
    ...loadConfig({ env, cwd: import.meta.dirname }),
    database: { kind: "external", connection, migration: undefined, replica: undefined, listen: true },
  } as const;
  const service = await serve(config, { log: createLogger("silent") });
  onTestFinished(() => service.stop());
  const { grpcAddress, httpAddress } = service;

  const shown = writeBanner(service, 1);
  expect(shown).toContain(`https://127.0.0.1:${httpAddress.port}/`);
  expect(shown).toContain(`--address https://127.0.0.1:${grpcAddress.port}`);
  expect(shown).not.toMatch(/http:\/\/|-plaintext/);

  const client = createClient({
    address: `https://localhost:${grpcAddress.port}`,
    tls: { ca: authority.cert },
    retry: false,
  });
  onTestFinished(() => client.close());
  // An answer of the service itself, whoever may call.
  const outcome = await client.system.getInfo({}).then(
    () => "",
    (error: Error) => error.message,
  );
  expect(outcome).not.toContain("cannot connect");
  const answer = await new Promise<string>((resolve, reject) => {
    get(`https://localhost:${httpAddress.port}/readyz`, { ca: authority.cert }, (response) =>
      resolve(text(response)),
    ).on("error", reject);
  });
  expect(JSON.parse(answer)).toEqual({ status: "ready" });
});

test("files that cannot be used stop the start, before the database is touched", async () => {
  const authority = await createAuthority();
  const expired = await authority.issue({ ...local, notBefore: days(-9), notAfter: days(-1) });
  const folder = temporaryFolder();
  const env = { LTB_DATA_DIR: join(folder, "data"), LTB_GRPC_ADDRESS: "127.0.0.1:0" };
  const { code, stdout, stderr } = await ltb(["serve"], { ...env, ...(await filesOf(expired)) });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/LTB_TLS_CERT_FILE: the certificate \(CN=server\) has expired on /);
  expect(stderr).not.toContain("new PostgreSQL");
});
