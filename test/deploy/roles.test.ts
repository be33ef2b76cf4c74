import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatabaseConfig } from "../../src/config.ts";
import { ltb } from "../cli/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { administer, createTestDatabase, onlooker } from "../harness/postgres.ts";

// The steps of compose.yaml and migrate.yaml, with the same files, roles and programs.

const run = promisify(execFile);
const isThere = await run("psql", ["--version"]).then(
  ({ stdout }) => Number(/ (\d+)/.exec(stdout)?.[1]) >= 14,
  () => false,
);
const passwords = { OWNER_PASSWORD: "of the 'owner'", SERVICE_PASSWORD: 'of the "service"' };

describe.skipIf(!isThere)("two roles (skipped without psql 14 or later)", () => {
  let database: DatabaseConfig;
  const folder = temporaryFolder();
  beforeAll(async () => {
    database = await createTestDatabase({ template: false });
  });
  afterAll(async () => {
    const superuser = await onlooker(database);
    await superuser.query("reassign owned by ltb_owner, ltb_admin to current_user");
    await superuser.query("drop owned by ltb_owner, ltb_service, ltb_admin");
    await superuser.end();
    await administer((client) => client.query("drop role if exists ltb_service, ltb_owner, ltb_admin"));
  });

  const psql = async (user: string, password: string, ...options: string[]) => {
    const { host, port } = database;
    const as = { PGHOST: host, PGPORT: String(port), PGDATABASE: database.database, PGUSER: user };
    const quiet = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"];
    const folder = join(import.meta.dirname, "../../deploy");
    const env = { ...process.env, ...as, ...passwords, PGPASSWORD: password };
    return run("psql", [...quiet, ...options], { cwd: folder, env });
  };
  const as = (user: string, password: string) => ({
    DATABASE_HOST: database.host,
    DATABASE_PORT: String(database.port),
    DATABASE_NAME: database.database,
    DATABASE_USER: user,
    DATABASE_PASSWORD: password,
    DATABASE_SSL_MODE: "disable",
    // As the image has it, which opens its ports for commands that open none.
    LTB_GRPC_ADDRESS: "0.0.0.0:0",
    LTB_HTTP_ADDRESS: "0.0.0.0:0",
  });

  test("are made by an administrator who is no superuser, and again by one", async () => {
    await administer(async (client) => {
      await client.query("create role ltb_admin login createrole password 'of the administrator'");
      await client.query(`alter database ${database.database} owner to ltb_admin`);
    });
    // Before PostgreSQL 15 the schema belongs to who made the server.
    const superuser = await onlooker(database);
    await superuser.query("alter schema public owner to ltb_admin");
    await superuser.end();
    for (const [user, password] of [
      ["ltb_admin", "of the administrator"],
      [database.user, database.password?.reveal() ?? ""],
    ] as const)
      await psql(user, password, "--file=roles.sql");
  });

  test("are not given empty passwords, and nothing is granted to nobody, also without ON_ERROR_STOP", async () => {
    const { host, port, user } = database;
    const env = {
      ...{ ...process.env, PGHOST: host, PGPORT: String(port), PGDATABASE: database.database, PGUSER: user },
      ...{ ...passwords, PGPASSWORD: database.password?.reveal() },
    };
    const cwd = join(import.meta.dirname, "../../deploy");
    for (const [file, without, message] of [
      ["roles.sql", { OWNER_PASSWORD: "" }, "OWNER_PASSWORD and SERVICE_PASSWORD must be set, and not empty"],
      [
        "roles.sql",
        { SERVICE_PASSWORD: "" },
        "OWNER_PASSWORD and SERVICE_PASSWORD must be set, and not empty",
      ],
      ["roles.sql", { SERVICE_PASSWORD: undefined }, "must be set, and not empty"],
      ["grants.sql", {}, "name the service's role: --set=role=ltb_service"],
    ] as const) {
      const refused = await run("psql", ["--no-psqlrc", "--quiet", `--file=${file}`], {
        ...{ cwd, env: { ...env, ...without } },
      }).then(
        () => undefined,
        (error: { code: number; stderr: string }) => error,
      );
      expect(refused?.code, file).toBe(3);
      expect(refused?.stderr.match(/ERROR: .*/g), file).toEqual([expect.stringContaining(message)]);
    }
    // The passwords are those from before.
    await psql("ltb_service", passwords.SERVICE_PASSWORD, "--command=select 1");
  });

  test("the service does not start before its schema is there", async () => {
    const service = as("ltb_service", passwords.SERVICE_PASSWORD);
    const { code, stderr } = await ltb(["serve"], {
      ...service,
      LTB_ALLOW_INSECURE: "1",
      LTB_AUTH: "required",
    });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /error: the role ltb_service may not change the schema .*permission denied.*run `ltb migrate up` first/,
      ),
    });
  });

  test("the owner migrates and grants, the service works and is backed up, and neither is a superuser", async () => {
    const { code, stderr } = await ltb(["migrate", "up"], as("ltb_owner", passwords.OWNER_PASSWORD));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    await psql("ltb_owner", passwords.OWNER_PASSWORD, "--set=role=ltb_service", "--file=grants.sql");
    const service = as("ltb_service", passwords.SERVICE_PASSWORD);
    const made = ["user", "create", "a", "--email", "a@example.org", "--role", "admin", "--no-password"];
    for (const args of [
      [...made, "--database"],
      ["key", "create", "--user", "a", "--database"],
      ["migrate", "verify"],
      ["backup", join(folder, "a.backup")],
    ])
      expect(await ltb(args, service), args.join(" ")).toMatchObject({ code: 0 });
    const { rows } = await administer((client) =>
      client.query(
        "select rolname, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls as strong from pg_roles where rolname in ('ltb_owner', 'ltb_service') order by 1",
      ),
    );
    expect(rows).toEqual([
      { rolname: "ltb_owner", strong: false },
      { rolname: "ltb_service", strong: false },
    ]);
  });
});
