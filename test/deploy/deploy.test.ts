import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Document, parseAllDocuments } from "yaml";
import { loadConfig } from "../../src/config.ts";

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
  all.filter(({ kind }) => ["StatefulSet", "Deployment", "CronJob"].includes(kind));

/** Every `key: value` pair anywhere below. */
function* entriesOf(value: Manifest): Generator<[string, Manifest]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield [key, inner];
    yield* entriesOf(inner);
  }
}

/** What the service says about an environment: that each name is known and each value good. */
function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    return loadConfig({ env, cwd: "/" }).warnings;
  } catch (error) {
    return [String(error)];
  }
}

/** Files that are only there once it is deployed. */
const mounted = /^LTB_TLS_/;
const own = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^(LTB|DATABASE)_/.test(name)));

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
      for (const { ports = [], ...container } of pod.spec.containers) {
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

  test("the service understands its environment, and has time to drain", async () => {
    for (const workload of workloads(await kubernetes())) {
      const { spec } = podOf(workload);
      const [{ image, env }] = spec.containers;
      if (!image.startsWith("llm-test-bench")) continue;
      const values = Object.fromEntries(
        env.map(({ name, value }: Manifest) => [name, value ?? "0123456789-a-secret"]),
      );
      const settings = Object.fromEntries(
        Object.entries(own(values)).filter(([name]) => !mounted.test(name)),
      );
      expect(problemsOf(settings)).toEqual([]);
      if (values.LTB_DRAIN_TIMEOUT)
        expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(values.LTB_DRAIN_TIMEOUT) + 10);
    }
  });
});

test("compose: what depends and what is mounted exists, and the service understands its environment", async () => {
  const [{ services, volumes }] = await parsed(join(deploy, "compose.yaml"));
  for (const service of Object.values<Manifest>(services)) {
    for (const name of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(name);
    for (const mount of service.volumes ?? []) expect(volumes).toHaveProperty(mount.split(":")[0]);
  }
  const { build, environment, depends_on } = services.service;
  expect(existsSync(join(deploy, build.context, build.dockerfile))).toBe(true);
  expect(Object.keys(depends_on)).toContain(environment.DATABASE_HOST);
  expect(services.postgres.environment.POSTGRES_DB).toBe(environment.DATABASE_NAME);
  expect(problemsOf({ ...environment, DATABASE_PASSWORD: "secret" })).toEqual([]);
});

test("Dockerfile: what it copies is there or is built, and its settings are known", async () => {
  const text = await readFile(join(deploy, "Dockerfile"), "utf8");
  const { bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(text).toContain(bin.ltb);
  for (const [, path = ""] of text.matchAll(/^COPY --from=build \/app\/(\S+)/gm))
    expect(["dist", "node_modules"].includes(path) || existsSync(join(root, path))).toBe(true);
  const settings = [...text.matchAll(/(LTB_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]);
  expect(settings).toHaveLength(2);
  expect(problemsOf({ ...Object.fromEntries(settings), LTB_ALLOW_INSECURE: "1" })).toEqual([]);
});

test("systemd: the program is what the package installs, and its settings are known", async () => {
  const text = await readFile(join(deploy, "llm-test-bench-persistence.service"), "utf8");
  const { name, bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(text).toContain(`node_modules/${name}/${bin.ltb} serve`);
  const settings = [...text.matchAll(/^Environment=(\w+)=(\S+)$/gm)].map(([, key, value]) => [key, value]);
  expect(settings.length).toBeGreaterThan(0);
  expect(problemsOf(Object.fromEntries(settings))).toEqual([]);
});
