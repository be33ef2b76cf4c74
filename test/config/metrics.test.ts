import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig, Secret } from "../../src/config.ts";
import { temporaryFolder } from "../harness/folder.ts";

const load = (env: Record<string, string>) => loadConfig({ env, cwd: "/" });

function failure(env: Record<string, string>): string {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("expected a ConfigError");
}

const reachable = { LTB_HTTP_ADDRESS: "0.0.0.0:50053", LTB_ALLOW_INSECURE: "1" };
const token = "0123456789abcdef0123456789abcdef";

describe("who may read the metrics", () => {
  test("everybody on this machine, nobody elsewhere, unless it is said", () => {
    expect(load({}).metrics).toBe("open");
    expect(load({ LTB_HTTP_ADDRESS: "[::1]:50053" }).metrics).toBe("open");
    expect(load(reachable).metrics).toBe("closed");
    expect(load({ ...reachable, LTB_METRICS: "open" }).metrics).toBe("open");
    expect(load({ LTB_METRICS: "off" }).metrics).toBe("off");
    // What calls may be made has nothing to do with it.
    expect(load({ ...reachable, LTB_GRPC_ADDRESS: "127.0.0.1:1" }).metrics).toBe("closed");
  });

  test("who brings the token, on this machine too", () => {
    for (const address of [{}, reachable]) {
      const { metrics } = load({ ...address, LTB_METRICS_TOKEN: token });
      expect(metrics).toBeInstanceOf(Secret);
      expect((metrics as Secret).reveal()).toBe(token);
      expect(inspect(load({ LTB_METRICS_TOKEN: token }), { depth: 9 })).not.toContain(token);
    }
  });

  test("the token may be in a file", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "token"), `${token}\n`);
    const { metrics } = load({ LTB_METRICS_TOKEN_FILE: join(folder, "token") });
    expect((metrics as Secret).reveal()).toBe(token);
  });

  test.each(["short", "with spaces in between of it", "ünïcode-ünïcode-ünïcode", "x".repeat(300)])(
    "refuses the token %s without showing it",
    (wrong) => {
      const message = failure({ LTB_METRICS_TOKEN: wrong });
      expect(message).toContain("LTB_METRICS_TOKEN");
      expect(message).toContain("openssl rand -hex 32");
      expect(message).not.toContain(wrong);
    },
  );

  test("a token and a mode contradict each other", () => {
    for (const mode of ["open", "off"])
      expect(failure({ LTB_METRICS: mode, LTB_METRICS_TOKEN: token })).toContain("LTB_METRICS_TOKEN");
    expect(failure({ LTB_METRICS: "sometimes" })).toContain("one of open, off");
  });
});

describe("LTB_SLOW_QUERY_MS", () => {
  test("from 0, which is none, to an hour", () => {
    expect(load({}).slowQueryMs).toBe(500);
    expect(load({ LTB_SLOW_QUERY_MS: "0" }).slowQueryMs).toBe(0);
    expect(load({ LTB_SLOW_QUERY_MS: "3600000" }).slowQueryMs).toBe(3_600_000);
  });

  test.each(["-1", "0.5", "1s", "3600001"])("refuses %s", (wrong) => {
    expect(failure({ LTB_SLOW_QUERY_MS: wrong })).toContain("LTB_SLOW_QUERY_MS");
  });
});
