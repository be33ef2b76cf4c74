import { describe, expect, test } from "vitest";
import { resolveDatabase } from "../../src/config/database.ts";
import {
  ConfigError,
  type DatabaseOptions,
  databaseConfig,
  describeDatabase,
  Secret,
} from "../../src/config.ts";

function failure(input: DatabaseOptions | string): ConfigError {
  try {
    databaseConfig(input);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("expected a ConfigError");
}

test("an options object takes the specification's defaults", () => {
  const config = databaseConfig({});
  expect({ ...config, password: config.password?.reveal() }).toEqual({
    host: "localhost",
    port: 5432,
    database: "llm_test_bench",
    user: "postgres",
    password: "postgres",
    poolSize: 20,
    connectTimeoutSeconds: 10,
    idleTimeoutSeconds: 600,
    maxLifetimeSeconds: 1800,
    waitTimeoutSeconds: 5,
    waitQueueLimit: 1000,
    sslMode: "prefer",
    applicationName: "llm-test-bench",
  });
});

test("every option can be given, and a validated configuration again", () => {
  const options = {
    host: "db",
    port: 1,
    database: "d",
    user: "u",
    password: "@/#%:? ",
    poolSize: 2,
    connectTimeoutSeconds: 3,
    idleTimeoutSeconds: 0,
    maxLifetimeSeconds: 0,
    waitTimeoutSeconds: 0.5,
    waitQueueLimit: 6,
    sslMode: "VERIFY-FULL",
    sslRootCert: "ca.pem",
    sslCert: "c.pem",
    sslKey: "k.pem",
    applicationName: "a",
  };
  const config = databaseConfig(options);
  expect({ ...config, password: config.password?.reveal() }).toEqual({ ...options, sslMode: "verify-full" });
  expect(databaseConfig({ ...config, password: new Secret("other") }).password?.reveal()).toBe("other");
});

const AWKWARD = [
  "a@b",
  "a/b",
  "a#b",
  "a%b",
  "a%41b",
  "a:b",
  "a?b",
  "a b",
  "@/#%:? ",
  "ä€😀",
  "****",
  "'\"\\",
  "@",
  "+&=",
];

test.each(AWKWARD)("password and user %j: encoded in a URL, as they are in options", (text) => {
  const part = encodeURIComponent(text);
  const fromUrl = databaseConfig(`postgres://${part}:${part}@h:1/${part}`);
  expect(fromUrl).toMatchObject({ user: text, database: text, host: "h", port: 1 });
  expect(fromUrl.password?.reveal()).toBe(text);
  const fromOptions = databaseConfig({ user: text, password: text });
  expect(fromOptions.password?.reveal()).toBe(text);
});

describe("connection strings", () => {
  test.each<[string, Record<string, unknown>]>([
    ["postgres://", { host: "localhost", port: 5432, user: "postgres", database: "llm_test_bench" }],
    ["postgresql://h", { host: "h" }],
    ["POSTGRES://h", { host: "h" }],
    ["postgres://h:5433", { host: "h", port: 5433 }],
    ["postgres://u@h/", { user: "u", host: "h" }],
    ["postgres://:pw@h/d", { user: "postgres", database: "d" }],
    ["postgres://u:p@[2001:db8::1]:1/d", { host: "2001:db8::1", port: 1 }],
    [
      "postgres:///d?host=/var/run/postgresql&port=7",
      { host: "/var/run/postgresql", port: 7, database: "d" },
    ],
    ["postgres://u@/d?host=%2Fvar%2Frun", { host: "/var/run", user: "u" }],
    ["postgres://%2Fvar%2Frun/d", { host: "/var/run" }],
    ["postgres://h/d?user=u&dbname=e", { user: "u", database: "e" }],
    [
      "postgres://h/d?sslmode=verify-full&sslrootcert=/ca.pem",
      { sslMode: "verify-full", sslRootCert: "/ca.pem" },
    ],
    ["postgres://h/d?sslcert=/c.pem&sslkey=/k.pem", { sslCert: "/c.pem", sslKey: "/k.pem" }],
    [
      "postgres://h/d?application_name=my%20bench&connect_timeout=3",
      { applicationName: "my bench", connectTimeoutSeconds: 3 },
    ],
    ["postgres://h/d?ssl=true", { sslMode: "require" }],
    ["postgres://u:p@ss@h/d", { user: "u", host: "h" }],
  ])("%s", (url, expected) => {
    expect(databaseConfig(url)).toMatchObject(expected);
  });

  test("the last @ ends the password, and a URL without one has none", () => {
    expect(databaseConfig("postgres://u:p@ss@h/d").password?.reveal()).toBe("p@ss");
    expect(databaseConfig("postgres://u@h/d").password).toBeUndefined();
    expect(databaseConfig("postgres://u@h/d?password=q").password?.reveal()).toBe("q");
  });

  test.each([
    "postgres://u:hunter/2@h/d",
    "postgres://u:hunter#2@h/d",
    "postgres://u:hunter?2@h/d",
    "postgres://u:1/hunter2@h/d",
    "postgres://u:1#hunter2@h/d",
    "postgres://u:1?hunter2@h/d",
    "postgres://u:hunter2%@h/d",
    "postgres://u:hunter2%zz@h/d",
    "postgres://u:hunter2@h:port/d",
  ])("%s: the message tells of percent-encoding and hides the password", (url) => {
    const { message } = failure(url);
    expect(message).toContain("percent-encoded");
    expect(message).toContain("DATABASE_PASSWORD");
    expect(message).not.toMatch(/hunter/);
  });

  test.each(["mysql://u:hunter2@h/d", "host=h password=hunter2", "hunter2", ""])(
    "%j is no connection string",
    (url) => {
      const { message } = failure(url);
      expect(message).toContain("postgres://");
      expect(message).not.toContain("hunter2");
    },
  );

  test.each(["postgres://a,b/d", "postgres:///d?host=a,b", "postgres:///d?host=/run/a,/run/b&port=1,2"])(
    "%s: several hosts are refused",
    (url) => {
      expect(failure(url).message).toContain("expected one");
    },
  );

  test.each([
    "service=main",
    "hostaddr=10.0.0.1",
    "sslcrl=/crl.pem",
    "require_auth=scram-sha-256",
    "gssencmode=require",
    "ssl_min_protocol_version=TLSv1.3",
    "target_session_attrs=standby",
  ])("%s would be needed, and is not there", (parameter) => {
    expect(failure(`postgres://u:hunter2@h/d?${parameter}`).message).toBe(
      `The configuration is wrong:\n  url: asks by ${parameter.split("=")[0]} for what is not supported here: take the parameter out`,
    );
  });

  test("what makes no difference here is told by name, and does not keep anyone from connecting", () => {
    const { config, warnings, problems } = resolveDatabase({
      url: "postgres://h/d?gssencmode=prefer&target_session_attrs=read-write&keepalives=1&schema=public&channel_binding=require",
    });
    expect({ host: config?.host, problems }).toEqual({ host: "h", problems: [] });
    expect(warnings).toEqual(
      ["gssencmode", "target_session_attrs", "keepalives", "schema", "channel_binding"].map(
        (name) => `url: the parameter ${name} is not used`,
      ),
    );
  });
});

test.each<[keyof DatabaseOptions, DatabaseOptions]>([
  ["port", { port: 0 }],
  ["port", { port: 65_536 }],
  ["port", { port: 1.5 }],
  ["port", { port: "x" }],
  ["port", { url: "postgres://h:99999/d" }],
  ["host", { host: "" }],
  ["poolSize", { poolSize: 0 }],
  ["poolSize", { poolSize: 1001 }],
  ["poolSize", { poolSize: Number.NaN }],
  ["connectTimeoutSeconds", { connectTimeoutSeconds: 0 }],
  ["idleTimeoutSeconds", { idleTimeoutSeconds: -1 }],
  ["maxLifetimeSeconds", { maxLifetimeSeconds: Number.POSITIVE_INFINITY }],
  ["sslMode", { sslMode: "on" }],
  ["sslMode", { url: "postgres://h/d?sslmode=no" }],
  ["sslKey", { sslCert: "c.pem" }],
  ["sslCert", { sslKey: "k.pem" }],
  ["sslRootCert", { sslMode: "verify-ca" }],
  ["sslRootCert", { sslMode: "verify-ca", sslRootCert: "system" }],
  ["applicationName", { applicationName: "x".repeat(64) }],
  ["host", { url: "postgres://h/d", host: "other" }],
])("a wrong %s is named: %j", (name, options) => {
  const { problems } = failure(options);
  expect(problems).toEqual([{ name, message: expect.stringMatching(/expected/) }]);
});

test("a password of a wrong type is not shown", () => {
  const { message } = failure(JSON.parse('{"password": ["hunter2"]}') as DatabaseOptions);
  expect(message).toContain("password");
  expect(message).not.toContain("hunter2");
});

test.each<[DatabaseOptions, string]>([
  [{}, "postgres://postgres:****@localhost:5432/llm_test_bench?sslmode=prefer"],
  [
    { user: "a@b", database: "c/d", host: "::1", sslMode: "disable" },
    "postgres://a%40b:****@[::1]:5432/c%2Fd?sslmode=disable",
  ],
  [{ host: "/var/run" }, "postgres://postgres:****@/llm_test_bench?host=/var/run&port=5432"],
])("%j is described as %s", (options, expected) => {
  expect(describeDatabase(databaseConfig(options))).toBe(expected);
});
