import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Document, parse, parseAllDocuments } from "yaml";
import { loadConfig } from "../../src/config.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { serviceOptions } from "../harness/node-options.ts";

const root = join(import.meta.dirname, "..", "..");
const deploy = join(root, "deploy");

// biome-ignore lint/suspicious/noExplicitAny: manifests are as deep as Kubernetes makes them.
type Manifest = any;

async function parsed(path: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(path, "utf8"), { strict: true }) as Document[];
  for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([]);
  return documents.map((document) => document.toJS());
}

async function kubernetes(): Promise<Manifest[]> {
  const folder = join(deploy, "kubernetes");
  const [{ resources }] = await parsed(join(folder, "kustomization.yaml"));
  const files = (await readdir(folder)).filter((name) => !/^(kustomization|secret)/.test(name));
  expect(resources.toSorted()).toEqual(files.toSorted());
  return (await Promise.all(files.map((name) => parsed(join(folder, name))))).flat();
}

const podOf = ({ kind, spec }: Manifest): Manifest =>
  kind === "CronJob" ? spec.jobTemplate.spec.template : spec.template;
const workloads = (all: Manifest[]) =>
  all.filter(({ kind }) => ["StatefulSet", "Deployment", "Job", "CronJob"].includes(kind));
const containersOf = ({ spec }: Manifest): Manifest[] => [...(spec.initContainers ?? []), ...spec.containers];
const environmentOf = ({ env = [] }: Manifest): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value }: Manifest) => [name, value ?? "0123456789-a-secret"]));

/** Every `key: value` pair anywhere below. */
function* entriesOf(value: Manifest): Generator<[string, Manifest]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield [key, inner];
    yield* entriesOf(inner);
  }
}

/** What our programs say about an environment: that each name is known and each value good. */
function problemsOf(env: Record<string, string>, listens = true): readonly string[] {
  try {
    return loadConfig({ env, cwd: "/", listens }).warnings;
  } catch (error) {
    return [String(error)];
  }
}

/** The settings that the image brings. */
async function imageSettings(): Promise<Record<string, string>> {
  const text = await readFile(join(deploy, "Dockerfile"), "utf8");
  return Object.fromEntries([...text.matchAll(/(LTB_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

const own = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^(LTB|DATABASE)_/.test(name)));

/** The megabytes that the heap and one message of every call may take together. */
function mostMegabytes(text: string, env: Record<string, string>): number {
  const [, heap] = /--max-old-space-size=(\d+)/.exec(text) ?? [];
  const { maxCalls, maxMessageBytes } = loadConfig({ env: own(env), cwd: "/", listens: false });
  return Number(heap) + (maxCalls * maxMessageBytes) / 2 ** 20;
}

describe("Kubernetes", () => {
  test("secrets, keys and claims that are referred to exist", async () => {
    const all = await kubernetes();
    const secrets = new Map(
      (await parsed(join(deploy, "kubernetes", "secret.example.yaml"))).map(({ metadata, stringData }) => [
        metadata.name,
        Object.keys(stringData),
      ]),
    );
    const claims = all
      .filter(({ kind }) => kind === "PersistentVolumeClaim")
      .map(({ metadata }) => metadata.name);
    for (const [key, value] of entriesOf(all)) {
      if (key === "secretKeyRef") expect(secrets.get(value.name)).toContain(value.key);
      if (key === "secretName") expect([...secrets.keys()]).toContain(value);
      if (key === "secret")
        for (const item of value.items ?? []) expect(secrets.get(value.secretName)).toContain(item.key);
      if (key === "persistentVolumeClaim") expect(claims).toContain(value.claimName);
    }
  });

  test("selectors meet pods, and ports that are named exist on them", async () => {
    const all = await kubernetes();
    const pods = workloads(all).map(podOf);
    const selectors = all.flatMap(({ kind, spec }) =>
      kind === "Service"
        ? [spec.selector]
        : [spec.selector?.matchLabels, spec.podSelector?.matchLabels].filter(Boolean),
    );
    for (const selector of selectors) {
      const found = pods.filter(({ metadata }) =>
        Object.entries(selector).every(([name, value]) => metadata.labels[name] === value),
      );
      expect(found).toHaveLength(1);
    }
    for (const pod of pods) {
      for (const { ports = [], ...container } of containersOf(pod)) {
        const names = ports.map(({ name }: Manifest) => name);
        for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
          const port = container[probe]?.httpGet?.port;
          if (port !== undefined) expect(names).toContain(port);
        }
        const volumes = [...(pod.spec.volumes ?? []), { name: "postgres-storage" }].map(({ name }) => name);
        for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
      }
    }
    const named = pods.flatMap(({ spec }) => spec.containers.flatMap(({ ports = [] }: Manifest) => ports));
    for (const service of all.filter(({ kind }) => kind === "Service")) {
      for (const { targetPort } of service.spec.ports)
        expect(named.map(({ name }: Manifest) => name)).toContain(targetPort);
    }
    const target = all.find(({ kind }) => kind === "HorizontalPodAutoscaler").spec.scaleTargetRef;
    expect(all.some(({ kind, metadata }) => kind === target.kind && metadata.name === target.name)).toBe(
      true,
    );
  });

  test("a new release migrates alone, and servers are replaced when that is done", async () => {
    const guide = await readFile(join(root, "docs", "deployment.md"), "utf8");
    const upgrade = guide.slice(guide.indexOf("For a new release change the image's version"));
    const [, commands = ""] = /```sh[^\n]*\n(.*?)```/s.exec(upgrade) ?? [];
    const [, name = "", value] = /^kubectl apply .*--selector (\w+)=(\S+)$/m.exec(commands) ?? [];
    const chosen = (await kubernetes()).filter(({ metadata }) => metadata.labels?.[name] === value);
    expect(chosen).toMatchObject([{ kind: "Job", metadata: { name: "llm-test-bench-migrate" } }]);
    expect([...commands.matchAll(/^kubectl (\w+)/gm)].map(([, verb]) => verb)).toEqual([
      ...["delete", "apply", "wait", "apply", "rollout"],
    ]);
  });

  test("the service understands its environment, and has time to drain", async () => {
    for (const workload of workloads(await kubernetes())) {
      const { spec } = podOf(workload);
      for (const container of containersOf({ spec })) {
        if (!container.image.startsWith("llm-test-bench")) continue;
        const env = environmentOf(container);
        const serves = container.args?.[0] === "serve";
        expect(problemsOf({ ...(await imageSettings()), ...own(env) }, serves)).toEqual([]);
        if (env.LTB_DRAIN_TIMEOUT)
          expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(env.LTB_DRAIN_TIMEOUT) + 10);
      }
    }
  });

  test("every container may do no more than it needs, as the restricted pod security standard asks", async () => {
    for (const pod of workloads(await kubernetes()).map(podOf)) {
      expect(pod.spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      expect(pod.spec.securityContext.runAsUser).toBeGreaterThan(0);
      for (const container of containersOf(pod)) {
        expect(container.securityContext, container.name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(container.resources, container.name).toMatchObject({
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
      }
    }
  });

  test("who connects to the database verifies it, and has the password of the least role that will do", async () => {
    const passwords: Record<string, string[]> = {};
    for (const container of workloads(await kubernetes())
      .map(podOf)
      .flatMap(containersOf)) {
      const env = environmentOf(container);
      const [user, mode, authority] = container.image.startsWith("llm-test-bench")
        ? [env.DATABASE_USER, env.DATABASE_SSL_MODE, env.DATABASE_SSL_ROOT_CERT]
        : [env.PGUSER, env.PGSSLMODE, env.PGSSLROOTCERT];
      const keys = (container.env ?? []).flatMap(({ valueFrom }: Manifest) =>
        valueFrom?.secretKeyRef.name === "llm-test-bench-database" ? [valueFrom.secretKeyRef.key] : [],
      );
      passwords[container.name] = [user ?? "", ...keys];
      if (user === undefined) continue;
      expect({ mode, authority }).toEqual({ mode: "verify-full", authority: "/database-tls/ca.crt" });
      const folders = container.volumeMounts.map(({ mountPath }: Manifest) => mountPath);
      expect(folders).toContain("/database-tls");
    }
    expect(passwords).toEqual({
      postgres: ["", "superuser-password"],
      files: [""],
      roles: ["postgres", "superuser-password", "owner-password", "service-password"],
      migrate: ["ltb_owner", "owner-password"],
      grants: ["ltb_owner", "owner-password"],
      service: ["ltb_service", "service-password"],
      backup: ["ltb_service", "service-password"],
    });
  });

  test("the trail is sealed, its head can be written, and the memory holds all calls", async () => {
    const deployment = (await kubernetes()).find(({ kind }) => kind === "Deployment");
    const [service] = podOf(deployment).spec.containers;
    const env = environmentOf(service);
    const mountOf = (path = "") =>
      service.volumeMounts.find(({ mountPath }: Manifest) => path.startsWith(`${mountPath}/`));
    expect(mountOf(env.LTB_AUDIT_KEY_FILE)).toMatchObject({ readOnly: true });
    expect(mountOf(env.LTB_AUDIT_HEAD_FILE)).not.toHaveProperty("readOnly");
    expect(service.resources.limits.memory).toBe("1Gi");
    const alerts = await readFile(join(deploy, "prometheus", "alerts.yaml"), "utf8");
    expect(alerts).toContain("the limit in deploy/kubernetes is 1 GiB.");
    expect(mostMegabytes(env.NODE_OPTIONS ?? "", env)).toBeLessThan(1024);
  });
});

describe("compose", () => {
  let compose: Manifest;
  beforeAll(async () => {
    const text = await readFile(join(deploy, "compose.yaml"), "utf8");
    compose = parse(text, { merge: true });
  });

  test("what depends, what is mounted and every secret exists", () => {
    const { services, volumes, secrets } = compose;
    for (const service of Object.values<Manifest>(services)) {
      for (const name of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(name);
      for (const name of service.secrets ?? []) expect(secrets).toHaveProperty(name);
      for (const mount of service.volumes ?? []) {
        const [source] = mount.split(":");
        if (source.startsWith(".")) expect(existsSync(join(deploy, source)), source).toBe(true);
        else expect(volumes).toHaveProperty(source);
      }
      for (const [name, value] of Object.entries<string>(service.environment))
        if (value.startsWith("/run/secrets/")) expect(service.secrets, name).toContain(value.slice(13));
      expect(service).toMatchObject({ cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
    }
    const { build } = services.service;
    expect(existsSync(join(deploy, build.context, build.dockerfile))).toBe(true);
  });

  test("the service has its own role, seals the trail, understands its environment and fits into its memory", async () => {
    const { roles, migrate, grants, service, postgres } = compose.services;
    const users = [roles, grants].map(({ environment }) => environment.PGUSER);
    expect(users).toEqual(["postgres", "ltb_owner"]);
    expect(migrate.environment.DATABASE_USER).toBe("ltb_owner");
    expect(service.environment.DATABASE_USER).toBe("ltb_service");
    expect(service.secrets).toEqual(["service_password", "audit_key"]);
    expect(postgres.environment.POSTGRES_DB).toBe(service.environment.DATABASE_NAME);
    const order = { roles: "postgres", migrate: "roles", grants: "migrate", service: "grants" };
    for (const [name, before] of Object.entries(order))
      expect(Object.keys(compose.services[name].depends_on)).toEqual([before]);

    const settings = await imageSettings();
    for (const { environment, command } of [migrate, service]) {
      const { DATABASE_PASSWORD_FILE: _, ...env } = environment;
      const serves = command === undefined;
      expect(problemsOf({ ...settings, ...own(env) }, serves)).toEqual([]);
    }
    const head = settings.LTB_AUDIT_HEAD_FILE ?? "";
    expect(service.volumes).toEqual([`service_data:${dirname(head)}`]);
    expect(service.mem_limit).toBe("1g");
    expect(
      mostMegabytes(service.environment.NODE_OPTIONS, {
        ...settings,
        LTB_MAX_CALLS: service.environment.LTB_MAX_CALLS,
      }),
    ).toBeLessThan(1024);
  });
});

test("every image is of an exact version, and that of Node is the one that is tested", async () => {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const names = ["Dockerfile", "compose.yaml", "kubernetes/postgres.yaml", "kubernetes/migrate.yaml"];
  const more = ["kubernetes/service.yaml", "kubernetes/backup.yaml"];
  const texts = await Promise.all([...names, ...more].map((name) => readFile(join(deploy, name), "utf8")));
  const images = texts.flatMap((text) =>
    [...text.matchAll(/^(?:FROM| *(?:- )?image:) (\S+)/gm)].map(([, image]) => image),
  );
  const [postgres] = images.filter((image) => /^postgres:\d+\.\d+$/.test(image ?? ""));
  expect(new Set(images)).toEqual(
    new Set([
      `node:${lock.packages["node_modules/node"].version}-slim`,
      `llm-test-bench-persistence:${version}`,
      postgres,
    ]),
  );
});

test("Dockerfile: what it copies is there or is built, its settings are known, and it asks by TLS too", async () => {
  const text = await readFile(join(deploy, "Dockerfile"), "utf8");
  const { bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const command = ["node", ...serviceOptions, bin.ltb].map((word) => JSON.stringify(word)).join(", ");
  expect(serviceOptions.length).toBeGreaterThan(0);
  expect(text).toContain(`ENTRYPOINT [${command}]`);
  expect(text).toContain(`CMD ["node", "${bin.ltb}", "health"]`);
  for (const [, paths = ""] of text.matchAll(/^COPY --from=build (.+) \S+$/gm))
    for (const path of paths.split(" ").map((one) => one.replace("/app/", "")))
      expect(["dist", "node_modules"].includes(path) || existsSync(join(root, path)), path).toBe(true);
  const settings = await imageSettings();
  expect(Object.keys(settings)).toHaveLength(3);
  expect(text).toContain(` ${dirname(settings.LTB_AUDIT_HEAD_FILE ?? "")}\n`);
  expect(problemsOf({ ...settings, LTB_ALLOW_INSECURE: "1" })).toEqual([]);
});

test("no secret of a working copy gets into an image", async () => {
  const patterns = (await readFile(join(root, ".dockerignore"), "utf8")).split("\n");
  const wanted = [
    ".git",
    ".ltb",
    "node_modules",
    "**/.env*",
    "**/*.key",
    "**/*.pem",
    "**/*.tar",
    "**/secrets",
  ];
  expect(patterns).toEqual(expect.arrayContaining(wanted));
});

describe("systemd", () => {
  const name = "llm-test-bench-persistence.service";
  let text: string;
  beforeAll(async () => {
    text = await readFile(join(deploy, name), "utf8");
  });

  test("the program is what the package installs, its settings are known and fit into its memory", async () => {
    const { name: ofPackage, bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(text).toContain(`node_modules/${ofPackage}/${bin.ltb} serve`);
    const found = [...text.matchAll(/^Environment=(\w+)=(\S+)$/gm)].map(([, key, value]) => [key, value]);
    const settings = Object.fromEntries(found);
    expect(settings).toHaveProperty("LTB_DATA_DIR");
    expect(problemsOf(settings)).toEqual([]);
    expect(text).toContain("\nMemoryMax=4G\n");
    // With the embedded PostgreSQL and its connections.
    expect(mostMegabytes(text, settings)).toBeLessThan(3072);
    // It is tried again without end, by the section where systemd looks for that.
    expect(text.split("[Service]")[0]).toContain("\nStartLimitIntervalSec=0\n");
  });

  const analyze = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });
  const version = Number(/^systemd (\d+)/.exec(analyze.stdout ?? "")?.[1] ?? 0);
  test.skipIf(version < 250)(
    "systemd knows every line, and rates the exposure at 3 or less (skipped without systemd-analyze 250)",
    async () => {
      const folder = temporaryFolder();
      const unit = join(folder, name);
      // Node may be elsewhere on this machine.
      await writeFile(unit, text.replace("ExecStart=/usr/bin/node", `ExecStart=${process.execPath}`));
      const verified = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
      expect(verified.stderr.split("\n").filter((line) => line.includes(name))).toEqual([]);
      const rated = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=30", unit], {
        encoding: "utf8",
      });
      expect(rated.status, rated.stdout.split("\n").at(-2)).toBe(0);
    },
  );
});
