import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type Config,
  ConfigError,
  describeDatabase,
  embeddedDatabaseConfig,
  loadConfig,
} from "../../src/config.ts";
import { temporaryFolder } from "../harness/folder.ts";

let cwd: string;
beforeEach(() => {
  cwd = temporaryFolder();
});

function write(name: string, content: string): string {
  const path = join(cwd, name);
  writeFileSync(path, content);
  return path;
}

const load = (env: Record<string, string> = {}, file?: string) =>
  loadConfig({ env, cwd, ...(file !== undefined && { file }) });

function external(config: Config) {
  if (config.database.kind !== "external") throw new Error("expected an external database");
  return config.database;
}

function failure(env: Record<string, string>, file?: string): ConfigError {
  try {
    load(env, file);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("expected a ConfigError");
}

test("the audit key is looked for in the data folder, or where it is said to be", () => {
  const auditKey = (env: Record<string, string>) => load(env).auditKey;
  expect(auditKey({ LTB_DATA_DIR: "data" })).toEqual({ file: join(cwd, "data", "audit.key"), given: false });
  expect(auditKey({ LTB_AUDIT_KEY_FILE: "k" })).toEqual({ file: join(cwd, "k"), given: true });
  expect(auditKey({ LTB_AUDIT_HEAD_FILE: "h" })).toMatchObject({ headFile: join(cwd, "h") });
});

describe("defaults", () => {
  test("nothing set: the embedded database and loopback listeners", () => {
    expect(load()).toEqual({
      database: {
        kind: "embedded",
        listen: true,
        pool: {
          poolSize: 20,
          connectTimeoutSeconds: 10,
          idleTimeoutSeconds: 600,
          maxLifetimeSeconds: 1800,
          waitTimeoutSeconds: 5,
          waitQueueLimit: 1000,
          applicationName: "llm-test-bench",
        },
      },
      grpc: { host: "127.0.0.1", port: 50_052 },
      http: { host: "127.0.0.1", port: 50_053 },
      dataDir: join(cwd, ".ltb"),
      auditKey: { file: join(cwd, ".ltb", "audit.key"), given: false },
      tls: undefined,
      allowInsecure: false,
      maxConnections: 2_000,
      jobsFairBy: "none",
      logLevel: "info",
      logFormat: "auto",
      auth: "required",
      metrics: "open",
      slowQueryMs: 500,
      reflection: true,
      rateLimit: undefined,
      maxCalls: 4_000,
      maxCallsPerKey: 1_000,
      corsOrigins: [],
      console: true,
      consoleHosts: [],
      maxMessageBytes: 4 * 1024 * 1024,
      defaultDeadlineSeconds: 30,
      drainTimeoutSeconds: 10,
      startupTimeoutSeconds: 60,
      retention: { jobs: undefined, evaluations: undefined, audit: undefined },
      replicaMaxLagSeconds: 10,
      preparedStatements: true,
      warnings: [],
    });
  });

  test.each(["DATABASE_URL", "DATABASE_HOST", "DATABASE_NAME", "DATABASE_USER"])(
    "%s alone means a database elsewhere",
    (name) => {
      const value = name === "DATABASE_URL" ? "postgres://h" : "x";
      expect(external(load({ [name]: value })).connection).toMatchObject({ port: 5432, sslMode: "prefer" });
    },
  );

  test("the host alone takes the specification's defaults", () => {
    const { connection } = external(load({ DATABASE_HOST: "db" }));
    expect(connection).toMatchObject({ host: "db", database: "llm_test_bench", user: "postgres" });
    expect(connection.password?.reveal()).toBe("postgres");
  });

  test("an empty value is none", () => {
    expect(load({ DATABASE_URL: "", DATABASE_HOST: "", LTB_LOG_LEVEL: "" }).database.kind).toBe("embedded");
  });

  test("what only an external database uses is said to have no effect", () => {
    const { warnings } = load({
      DATABASE_PASSWORD: "x",
      DATABASE_SSL_MODE: "require",
      DATABASE_POOL_SIZE: "5",
    });
    expect(warnings.map((text) => text.split(" ")[0])).toEqual(["DATABASE_PASSWORD", "DATABASE_SSL_MODE"]);
  });
});

describe("precedence", () => {
  test("environment over .env over JSON file over default", () => {
    write(".env", "LTB_LOG_LEVEL=warn\nLTB_DRAIN_TIMEOUT=7\n");
    const file = write(
      "config.json",
      JSON.stringify({ LTB_LOG_LEVEL: "error", LTB_DRAIN_TIMEOUT: 8, LTB_STARTUP_TIMEOUT: 9 }),
    );
    const config = load({ LTB_LOG_LEVEL: "debug" }, file);
    expect(config).toMatchObject({
      logLevel: "debug",
      drainTimeoutSeconds: 7,
      startupTimeoutSeconds: 9,
      defaultDeadlineSeconds: 30,
    });
  });

  test("LTB_CONFIG_FILE names the JSON file, also in .env", () => {
    write(".env", `LTB_CONFIG_FILE=${write("c.json", '{"LTB_LOG_LEVEL": "error"}')}`);
    expect(load().logLevel).toBe("error");
    expect(load({ LTB_CONFIG_FILE: write("d.json", '{"LTB_LOG_LEVEL": "fatal"}') }).logLevel).toBe("fatal");
  });

  test("a JSON file takes numbers, booleans, lists and null", () => {
    const file = write(
      "c.json",
      JSON.stringify({
        DATABASE_LISTEN: false,
        DATABASE_POOL_SIZE: 3,
        LTB_CORS_ORIGINS: ["http://a", "http://b"],
        LTB_AUTH: null,
      }),
    );
    const config = load({}, file);
    expect(config.corsOrigins).toEqual(["http://a", "http://b"]);
    expect(config.database).toMatchObject({ listen: false, pool: { poolSize: 3 } });
  });

  test.each(["[1]", "{", '"text"', "null"])("a JSON file that holds %s is named", (content) => {
    const path = write("c.json", content);
    expect(failure({}, path).message).toContain(path);
  });

  test("a broken JSON file is not quoted: it may hold a password", () => {
    expect(failure({}, write("c.json", '{"DATABASE_PASSWORD": "hunter2" oops')).message).not.toContain(
      "hunter2",
    );
  });

  test("a missing JSON file and a nested value are problems", () => {
    expect(failure({ LTB_CONFIG_FILE: join(cwd, "none.json") }).problems[0]?.name).toBe("LTB_CONFIG_FILE");
    expect(failure({}, write("c.json", '{"DATABASE_HOST": {"a": 1}}')).problems[0]?.name).toBe(
      "DATABASE_HOST",
    );
  });
});

describe("database", () => {
  test("a URL and settings beside it", () => {
    const { connection } = external(
      load({
        DATABASE_URL: "postgresql://u:p%40ss@db.example:6543/bench?sslmode=require",
        DATABASE_POOL_SIZE: "7",
      }),
    );
    expect(connection).toMatchObject({
      host: "db.example",
      port: 6543,
      user: "u",
      database: "bench",
      sslMode: "require",
      poolSize: 7,
    });
    expect(connection.password?.reveal()).toBe("p@ss");
  });

  test("single settings fill in what the URL leaves out, and may repeat it", () => {
    const { connection } = external(
      load({
        DATABASE_URL: "postgres://u@h/d",
        DATABASE_PASSWORD: "p@ /#%:?",
        DATABASE_USER: "u",
        DATABASE_PORT: "1234",
      }),
    );
    expect(connection).toMatchObject({ user: "u", host: "h", port: 1234 });
    expect(connection.password?.reveal()).toBe("p@ /#%:?");
  });

  test("a contradiction in one place is a problem that shows no password", () => {
    const { message, problems } = failure({
      DATABASE_URL: "postgres://u:hunter2@h/d",
      DATABASE_HOST: "other",
      DATABASE_PASSWORD: "correct horse",
    });
    expect(problems.map(({ name }) => name)).toEqual(["DATABASE_PASSWORD", "DATABASE_HOST"]);
    expect(message).toContain("contradicts DATABASE_URL");
    expect(message).not.toMatch(/hunter2|correct horse/);
  });

  test("between two places the higher one wins a contradiction", () => {
    write(".env", "DATABASE_URL=postgres://u:p@h/d");
    expect(external(load({ DATABASE_NAME: "other" })).connection).toMatchObject({
      host: "h",
      database: "other",
    });
    write(".env", "DATABASE_HOST=low\nDATABASE_PASSWORD=secret");
    const { connection } = external(load({ DATABASE_URL: "postgres://u@high/d" }));
    expect(connection.host).toBe("high");
    expect(connection.password?.reveal()).toBe("secret");
  });

  test("secrets from files, without the line break at the end", () => {
    const env = { DATABASE_HOST: "h", DATABASE_PASSWORD_FILE: write("password", "p w\n\r\n") };
    expect(external(load(env)).connection.password?.reveal()).toBe("p w\n");
    expect(
      external(load({ DATABASE_URL_FILE: write("url", "postgres://u:p@h/d\n") })).connection.database,
    ).toBe("d");
  });

  test("a secret and its file together, or a file that is not there, are problems", () => {
    const path = join(cwd, "none");
    expect(
      failure({ DATABASE_HOST: "h", DATABASE_PASSWORD: "x", DATABASE_PASSWORD_FILE: path }).message,
    ).toContain("got both");
    expect(failure({ DATABASE_HOST: "h", DATABASE_PASSWORD_FILE: path }).message).toContain(path);
  });

  test("migration and replica URLs share pool and TLS settings, but not where they lead", () => {
    const { migration, replica } = external(
      load({
        DATABASE_URL: "postgres://u:p@pooler:6432/d",
        DATABASE_SSL_MODE: "require",
        DATABASE_POOL_SIZE: "4",
        DATABASE_MIGRATION_URL: "postgres://m:q@direct/d?sslmode=disable",
        DATABASE_REPLICA_URL: "postgres://r:s@replica/d",
      }),
    );
    expect(migration).toMatchObject({
      host: "direct",
      port: 5432,
      user: "m",
      sslMode: "disable",
      poolSize: 4,
    });
    expect(replica).toMatchObject({ host: "replica", user: "r", sslMode: "require" });
    expect(
      failure({ DATABASE_URL: "postgres://h/d", DATABASE_REPLICA_URL: "mysql://h/d" }).problems[0]?.name,
    ).toBe("DATABASE_REPLICA_URL");
  });

  test("a parameter of the URL without a meaning here is a warning", () => {
    expect(load({ DATABASE_URL: "postgres://h/d?channel_binding=require" }).warnings.join()).toContain(
      "channel_binding",
    );
  });

  test("the embedded database's connection takes the pool settings", () => {
    const { database } = load({ DATABASE_POOL_SIZE: "9" });
    if (database.kind !== "embedded") throw new Error("expected embedded");
    const connection = { host: "/run/x", port: 5432, user: "postgres", password: "p", database: "d" };
    const config = embeddedDatabaseConfig(database.pool, connection);
    expect(config).toMatchObject({ host: "/run/x", poolSize: 9, sslMode: "disable" });
  });
});

describe("service", () => {
  test.each([
    ["[::1]:50052", { host: "::1", port: 50_052 }],
    ["localhost:0", { host: "localhost", port: 0 }],
    ["127.0.0.9:65535", { host: "127.0.0.9", port: 65_535 }],
  ])("address %s", (text, expected) => {
    expect(load({ LTB_GRPC_ADDRESS: text }).grpc).toEqual(expected);
  });

  test.each([
    "50052",
    ":50052",
    "::1:50052",
    "127.0.0.1",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "http://127.0.0.1:1",
    "[::1]",
  ])("address %s is refused", (text) => {
    expect(failure({ LTB_HTTP_ADDRESS: text }).message).toContain(`LTB_HTTP_ADDRESS: expected host:port`);
  });

  test.each(["0.0.0.0:1", "[::]:1", "192.168.1.5:1", "bench.example.org:1", "127.0.0.1.example.org:1"])(
    "%s is refused unless LTB_ALLOW_INSECURE says so",
    (text) => {
      expect(failure({ LTB_GRPC_ADDRESS: text }).message).toContain("LTB_ALLOW_INSECURE=1");
      expect(load({ LTB_GRPC_ADDRESS: text, LTB_ALLOW_INSECURE: "1" }).allowInsecure).toBe(true);
      // A program that opens no port may share the environment of one that does.
      expect(loadConfig({ env: { LTB_GRPC_ADDRESS: text }, cwd, listens: false }).grpc.port).toBe(1);
    },
  );

  test.each([
    ["LTB_DEFAULT_DEADLINE", "500ms", "defaultDeadlineSeconds", 0.5],
    ["LTB_DRAIN_TIMEOUT", "2m", "drainTimeoutSeconds", 120],
    ["LTB_STARTUP_TIMEOUT", "1.5", "startupTimeoutSeconds", 1.5],
    ["LTB_MAX_MESSAGE_BYTES", "64KiB", "maxMessageBytes", 65_536],
    ["LTB_MAX_MESSAGE_BYTES", "67108864", "maxMessageBytes", 67_108_864],
    ["LTB_LOG_LEVEL", "DEBUG", "logLevel", "debug"],
    ["LTB_LOG_FORMAT", "Pretty", "logFormat", "pretty"],
    ["LTB_AUTH", "off", "auth", "off"],
    ["LTB_ALLOW_INSECURE", "Yes", "allowInsecure", true],
  ] as const)("%s=%s", (name, value, key, expected) => {
    expect(load({ [name]: value })[key]).toBe(expected);
  });

  test.each([
    ["LTB_DEFAULT_DEADLINE", "0"],
    ["LTB_DEFAULT_DEADLINE", "10 years"],
    ["LTB_MAX_MESSAGE_BYTES", "65535"],
    ["LTB_MAX_MESSAGE_BYTES", "65MiB"],
    ["LTB_LOG_LEVEL", "loud"],
    ["LTB_LOG_FORMAT", "yaml"],
    ["LTB_ALLOW_INSECURE", "maybe"],
    ["LTB_AUTH", "on"],
    ["LTB_AUTH", "optional"],
    ["LTB_RATE_LIMIT", "0"],
    ["LTB_RATE_LIMIT", "-1"],
    ["LTB_RATE_LIMIT", "10,0"],
    ["LTB_RATE_LIMIT", "1,2,3"],
    ["LTB_MAX_CALLS", "0"],
    ["LTB_CORS_ORIGINS", "example.org"],
    ["LTB_CORS_ORIGINS", "https://example.org/path"],
    ["DATABASE_LISTEN", "2"],
    ["DATABASE_POOL_SIZE", "0"],
    ["DATABASE_POOL_SIZE", "1e3"],
    ["DATABASE_POOL_SIZE", "-5"],
    ["LTB_DB_WAIT_QUEUE", "0"],
  ])("%s=%s is named with what was expected and got", (name, value) => {
    const { problems } = failure({ [name]: value });
    expect(problems).toEqual([{ name, message: expect.stringMatching(/^expected .*, got /) }]);
    expect(problems[0]?.message).toContain(JSON.stringify(value));
  });

  test("origins", () => {
    expect(load({ LTB_CORS_ORIGINS: "https://a.example, http://localhost:3000 ," }).corsOrigins).toEqual([
      "https://a.example",
      "http://localhost:3000",
    ]);
  });

  test("TLS: paths are made absolute, clients with an authority need a certificate by default", () => {
    const files = { LTB_TLS_CERT_FILE: "tls.crt", LTB_TLS_KEY_FILE: "/secrets/tls.key" };
    expect(load(files).tls).toEqual({
      certFile: join(cwd, "tls.crt"),
      keyFile: "/secrets/tls.key",
      clientCaFile: undefined,
      clientAuth: "required",
    });
    expect(load({ ...files, LTB_TLS_CLIENT_CA_FILE: "ca.crt" }).tls).toMatchObject({
      clientCaFile: join(cwd, "ca.crt"),
      clientAuth: "required",
    });
    const optional = { LTB_TLS_CLIENT_CA_FILE: "ca.crt", LTB_TLS_CLIENT_AUTH: "optional" };
    expect(load({ ...files, ...optional }).tls?.clientAuth).toBe("optional");
  });

  test.each([
    [{ LTB_TLS_CERT_FILE: "a" }, ["LTB_TLS_KEY_FILE"]],
    [{ LTB_TLS_KEY_FILE: "a" }, ["LTB_TLS_CERT_FILE"]],
    [{ LTB_TLS_CLIENT_CA_FILE: "a" }, ["LTB_TLS_CERT_FILE", "LTB_TLS_KEY_FILE"]],
    [
      { LTB_TLS_CERT_FILE: "a", LTB_TLS_KEY_FILE: "b", LTB_TLS_CLIENT_AUTH: "required" },
      ["LTB_TLS_CLIENT_CA_FILE"],
    ],
    [
      { LTB_TLS_CERT_FILE: "a", LTB_TLS_KEY_FILE: "b", LTB_TLS_CLIENT_AUTH: "maybe" },
      ["LTB_TLS_CLIENT_AUTH"],
    ],
  ])("TLS that is set by half is refused: %j", (env: Record<string, string>, names: string[]) => {
    expect(failure(env).problems.map(({ name }) => name)).toEqual(names);
  });

  test("with TLS any address may be listened on", () => {
    const files = { LTB_TLS_CERT_FILE: "tls.crt", LTB_TLS_KEY_FILE: "tls.key" };
    const config = load({ ...files, LTB_GRPC_ADDRESS: "0.0.0.0:50052", LTB_HTTP_ADDRESS: "[::]:50053" });
    expect(config).toMatchObject({ allowInsecure: false, grpc: { host: "0.0.0.0" } });
  });

  test("settings of clients are known, and left to them", () => {
    const names = ["LTB_ADDRESS", "LTB_API_KEY", "LTB_TLS_CA_FILE", "LTB_TLS_CLIENT_CERT_FILE"];
    expect(load(Object.fromEntries(names.map((name) => [name, "x"]))).warnings).toEqual([]);
  });

  test.each(["LTB_GRPC_ADDRESS", "LTB_HTTP_ADDRESS"])(
    "authentication is off on loopback only: %s",
    (name) => {
      const reachable = { [name]: "0.0.0.0:1", LTB_ALLOW_INSECURE: "1" };
      expect(load(reachable)).toMatchObject({ auth: "required", reflection: false });
      expect(failure({ ...reachable, LTB_AUTH: "off" }).problems).toEqual([
        { name: "LTB_AUTH", message: expect.stringContaining("0.0.0.0") },
      ]);
      const tls = { LTB_TLS_CERT_FILE: "a", LTB_TLS_KEY_FILE: "b", LTB_AUTH: "off", [name]: "0.0.0.0:1" };
      expect(failure(tls).problems.map((problem) => problem.name)).toEqual(["LTB_AUTH"]);
      expect(load({ LTB_AUTH: "off", [name]: "[::1]:1" }).auth).toBe("off");
      expect(load({ ...reachable, LTB_REFLECTION: "on" }).reflection).toBe(true);
      expect(load({ LTB_REFLECTION: "off" }).reflection).toBe(false);
    },
  );

  test("the rate of calls", () => {
    expect(load({ LTB_RATE_LIMIT: "100" }).rateLimit).toEqual({ perSecond: 100, burst: 100 });
    expect(load({ LTB_RATE_LIMIT: " 100, 500 " }).rateLimit).toEqual({ perSecond: 100, burst: 500 });
    expect(load({ LTB_RATE_LIMIT: "off" }).rateLimit).toBeUndefined();
  });
});

test("all problems are reported at once, each by its own name", () => {
  const env = {
    LTB_LOG_LEVEL: "loud",
    LTB_GRPC_ADDRESS: "x",
    DATABASE_HOST: "h",
    DATABASE_PORT: "99999",
    DATABASE_SSL_MODE: "maybe",
  };
  const { message, problems } = failure(env);
  expect(problems.map(({ name }) => name).sort()).toEqual(
    Object.keys(env)
      .filter((name) => name !== "DATABASE_HOST")
      .sort(),
  );
  for (const { name } of problems) expect(message).toContain(name);
});

test("unknown names are warned of, with the nearest known one", () => {
  const file = write("c.json", '{"LTB_LOGLEVEL": "info", "colour": "red"}');
  const { warnings } = load(
    { DATABASE_PASWORD: "x", LTB_GRPC_ADRESS: "y", LTB_ZZZZZZZZZZZZZZ: "z", PATH: "/bin" },
    file,
  );
  expect(warnings).toEqual([
    "DATABASE_PASWORD in the environment is not a setting; is DATABASE_PASSWORD meant?",
    "LTB_GRPC_ADRESS in the environment is not a setting; is LTB_GRPC_ADDRESS meant?",
    "LTB_ZZZZZZZZZZZZZZ in the environment is not a setting",
    `LTB_LOGLEVEL in ${file} is not a setting; is LTB_LOG_LEVEL meant?`,
    `colour in ${file} is not a setting`,
  ]);
});

test("a configuration cannot be changed, and shows no secret however it is printed", () => {
  const config = load({
    DATABASE_URL: "postgres://u:hunter2@h/d",
    DATABASE_REPLICA_URL: "postgres://u:hunter2@r/d",
  });
  const { connection } = external(config);
  expect(connection.password?.reveal()).toBe("hunter2");
  const shown = [
    JSON.stringify(config),
    inspect(config, { depth: 9, showHidden: true }),
    `${connection.password}`,
    JSON.stringify({ ...connection }),
    describeDatabase(connection),
  ];
  for (const text of shown) {
    expect(text).not.toContain("hunter2");
    expect(text).toContain("****");
  }
  expect(describeDatabase(connection)).toBe("postgres://u:****@h:5432/d?sslmode=prefer");
  for (const part of [
    config,
    config.database,
    config.grpc,
    config.corsOrigins,
    config.warnings,
    connection,
  ]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});
