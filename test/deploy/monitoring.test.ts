import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { formatAddress } from "../../src/address.ts";
import { createLogger } from "../../src/log.ts";
import { MaintenanceStats } from "../../src/metrics/maintenance.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { services } from "../../src/services.ts";
import { testDatabase } from "../harness/database.ts";
import { serverConfig } from "../harness/server-config.ts";
import { type Parsed, scrape } from "../observability/exposition.ts";
import { parsePromQl, type Selector } from "./promql.ts";

const root = join(import.meta.dirname, "..", "..");

// biome-ignore lint/suspicious/noExplicitAny: files of other programs, as deep as these make them.
type File = any;

async function yaml(path: string): Promise<File> {
  const [document, ...more] = parseAllDocuments(await readFile(join(root, path), "utf8"), { strict: true });
  if (!document || more.length > 0) throw new Error(`${path}: expected one document`);
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS();
}

const dashboards = async (): Promise<File[]> => {
  const folder = join(root, "deploy", "grafana");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  return Promise.all(files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8"))));
};

const rules = async (): Promise<File[]> =>
  (await yaml("deploy/prometheus/alerts.yaml")).groups.flatMap(({ rules }: File) => rules);

/** A variable of Grafana's as a value that Prometheus reads. */
const filledIn = (expression: string) =>
  expression.replaceAll("$__rate_interval", "5m").replaceAll("$job", ".+").replaceAll("$instance", ".+");

let metrics: Parsed;
let server: RunningServer;
const { db } = await testDatabase();
beforeAll(async () => {
  const stats = new MaintenanceStats();
  stats.of("a task").note(1, true);
  server = await startServer({
    config: serverConfig,
    database: db,
    services: services(db, { maxMessageBytes: 4_194_304 } as Parameters<typeof services>[1]),
    access: { auth: "off" },
    metrics: { access: "open", families: [...db.families, ...stats.families()] },
    log: createLogger("silent"),
  });
  const url = `http://${formatAddress(server.httpAddress)}`;
  await db.jobs.create({ jobType: "t" });
  await fetch(`${url}/ltb.v1.SystemService/GetInfo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  await scrape(url);
  metrics = await scrape(url);
});
afterAll(async () => {
  await server.stop();
});

/** Added by Prometheus itself. */
const targetLabels = ["job", "instance"];
/** Labels of what is there only once something has happened that need not happen here. */
const absentHere = new Map([
  ["ltb_db_replica_lag_seconds", []],
  ["nodejs_gc_duration_seconds_sum", ["kind"]],
]);
const codes =
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED";

/** Labels that the service gives the metric. */
function labelsOf(metric: string): Set<string> {
  const own = metrics.series.filter(({ name }) => name === metric);
  if (own.length === 0) return new Set(absentHere.get(metric));
  return new Set(own.flatMap(({ labels }) => Object.keys(labels)));
}

/** Values that a label has, whatever metric has it. */
function valuesOf(label: string): Set<string> {
  if (label === "grpc_code") return new Set(codes.split(" "));
  return new Set(metrics.series.flatMap(({ labels }) => labels[label] ?? []));
}

function check({ metric, matchers }: Selector, expression: string): void {
  if (metric === "up") return;
  const family = metric.replace(/_(bucket|sum|count)$/, "");
  const type = metrics.types.get(metric) ?? metrics.types.get(family);
  expect(type, `${metric} in ${expression}`).toBeDefined();
  if (metric !== family) expect(["histogram", "summary"]).toContain(type);
  else expect(["counter", "gauge"], `${metric} in ${expression}`).toContain(type);
  const labels = labelsOf(metric);
  for (const { label, operator, value } of matchers) {
    if (targetLabels.includes(label)) continue;
    expect([...labels], `${label} of ${metric} in ${expression}`).toContain(label);
    const known = valuesOf(label);
    const wanted = operator.includes("~") ? value.split("|") : [value];
    for (const one of wanted) expect([...known], `${label} of ${metric}`).toContain(one);
  }
}

function checkAll(expression: string): void {
  const { selectors, groupedBy } = parsePromQl(filledIn(expression));
  expect(selectors.length, expression).toBeGreaterThan(0);
  for (const selector of selectors) check(selector, expression);
  const kept = new Set([...targetLabels, ...selectors.flatMap(({ metric }) => [...labelsOf(metric)])]);
  for (const label of groupedBy) expect([...kept], expression).toContain(label);
  // A rate of what may fall tells nothing, and a counter as such neither.
  for (const { metric } of selectors) {
    const isCounted = /_(total|bucket|sum|count)$/.test(metric);
    const isRated = new RegExp(`(rate|increase)\\(\\s*${metric}\\b`).test(expression);
    expect(isRated, `${metric} in ${expression}`).toBe(isCounted);
  }
}

describe("alerts", () => {
  test("every metric and label in them exists", async () => {
    for (const { expr } of await rules()) checkAll(expr);
  });

  test("each has a name of its own, a severity, and says what it is about and what to do", async () => {
    const all = await rules();
    const names = all.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const runbook = await readFile(join(root, "docs", "runbook.md"), "utf8");
    const headings = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    for (const { alert, labels, annotations, for: during } of all) {
      expect(alert).toMatch(/^Ltb[A-Z]/);
      expect(["warning", "critical"]).toContain(labels.severity);
      expect(during).toMatch(/^\d+m$/);
      expect(annotations.summary).toBeTruthy();
      expect(annotations.description).toBeTruthy();
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
      for (const [, label = ""] of annotations.summary.matchAll(/\$labels\.(\w+)/g)) {
        const { selectors, groupedBy } = parsePromQl(all.find((rule) => rule.alert === alert)?.expr);
        const own =
          groupedBy.length > 0 ? groupedBy : selectors.flatMap(({ metric }) => [...labelsOf(metric)]);
        expect([...own, ...(groupedBy.length > 0 ? [] : targetLabels)], `${alert}: ${label}`).toContain(
          label,
        );
      }
    }
    expect(headings.toSorted()).toEqual(names.toSorted());
  });
});

describe("dashboards", () => {
  test("every metric and label in them exists", async () => {
    const all = await dashboards();
    expect(all.length).toBeGreaterThan(0);
    for (const { panels } of all)
      for (const { targets = [] } of panels) for (const { expr } of targets) checkAll(expr);
  });

  test("legends name labels that their expressions keep, and panels have ids and places of their own", async () => {
    for (const { panels, templating } of await dashboards()) {
      const ids = panels.map(({ id }: File) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const variables = templating.list.map(({ name }: File) => name);
      const places = new Set(panels.map(({ gridPos: { x, y } }: File) => `${x}/${y}`));
      expect(places.size).toBe(panels.length);
      for (const { targets = [], gridPos } of panels) {
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        for (const { expr, legendFormat } of targets) {
          for (const [, variable] of expr.matchAll(/\$(?!__)(\w+)/g)) expect(variables).toContain(variable);
          const { selectors, groupedBy } = parsePromQl(filledIn(expr));
          const kept =
            groupedBy.length > 0
              ? groupedBy
              : [...targetLabels, ...selectors.flatMap(({ metric }) => [...labelsOf(metric)])];
          for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
            expect(kept, expr).toContain(label);
        }
      }
    }
  });
});

describe("Prometheus", () => {
  test("its configuration finds the rules and asks for what the service answers", async () => {
    const { rule_files, scrape_configs } = await yaml("deploy/prometheus/prometheus.yaml");
    const folder = await readdir(join(root, "deploy", "prometheus"));
    for (const file of rule_files) expect(folder).toContain(file);
    const [{ job_name, static_configs, metrics_path = "/metrics" }] = scrape_configs;
    expect(metrics_path).toBe("/metrics");
    expect(static_configs[0].targets).toEqual(["127.0.0.1:50053"]);
    const jobs = (await rules()).flatMap(({ expr }) =>
      parsePromQl(expr).selectors.flatMap(({ matchers }) => matchers.filter(({ label }) => label === "job")),
    );
    expect(jobs.length).toBeGreaterThan(0);
    for (const { value } of jobs) expect(value).toBe(job_name);
  });

  test("the service monitor meets the service, its port and secrets that there are", async () => {
    const { spec } = await yaml("deploy/prometheus/service-monitor.yaml");
    const of = async (path: string): Promise<File[]> =>
      parseAllDocuments(await readFile(join(root, path), "utf8")).map((document) => document.toJS());
    const service = (await of("deploy/kubernetes/service.yaml")).find(({ kind }) => kind === "Service");
    expect(service.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(service.metadata.labels[spec.jobLabel]).toBe("llm-test-bench");
    const secrets = await of("deploy/kubernetes/secret.example.yaml");
    for (const { port, authorization, tlsConfig } of spec.endpoints) {
      expect(service.spec.ports.map(({ name }: File) => name)).toContain(port);
      for (const { name, key } of [authorization.credentials, tlsConfig.ca.secret])
        expect(
          Object.keys(secrets.find(({ metadata }) => metadata.name === name)?.stringData ?? {}),
        ).toContain(key);
    }
  });
});

test("docs/monitoring.md lists exactly the metrics there are", async () => {
  const text = await readFile(join(root, "docs", "monitoring.md"), "utf8");
  const rows = text.split("\n").filter((line) => /^\| `(ltb|grpc)_/.test(line));
  const listed = rows.flatMap((row) => {
    const [, names = "", type = ""] = row.split("|");
    return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => `${name} ${type.trim()}`);
  });
  const there = [...metrics.types].filter(([name]) => /^(ltb|grpc)_/.test(name));
  expect(listed.toSorted()).toEqual(there.map(([name, type]) => `${name} ${type}`).toSorted());
});

describe("the parser of this test", () => {
  test("tells metrics from functions, labels and texts", () => {
    expect(
      parsePromQl('sum by (a) (rate(m_total{l="x by (y)", k!~"z|w"}[5m])) / on(b) n{} > 0.5e-3 and o == 1'),
    ).toEqual({
      selectors: [
        {
          metric: "m_total",
          matchers: [
            { label: "l", operator: "=", value: "x by (y)" },
            { label: "k", operator: "!~", value: "z|w" },
          ],
        },
        { metric: "n", matchers: [] },
        { metric: "o", matchers: [] },
      ],
      groupedBy: ["a", "b"],
    });
  });

  test.each(["rates(m[5m])", "sum(m", "m{l}", "m{l=x}", "sum m", "m $ n"])("refuses %s", (wrong) => {
    expect(() => parsePromQl(wrong)).toThrow();
  });
});
