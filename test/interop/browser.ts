import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import type { PageStep } from "./browser/methods.ts";
import { withFolder } from "./foreign.ts";
import { root } from "./paths.ts";
import { succeed } from "./processes.ts";
import type { Result, Results } from "./results.ts";
import { scenario, secondBenchmark } from "./scenario.ts";
import type { Service } from "./service.ts";
import { browserFolder, chromium } from "./tools.ts";

const clients = ["browser, Connect (JSON)", "browser, Connect (binary)", "browser, gRPC-Web"];
const TIMEOUT_MS = 600_000;

/**
 * Headless Chromium on a page of another origin: what browser code gets to see through CORS, fetch and their
 * limits.
 */
export async function exerciseBrowser({ clear }: { clear: Service }, results: Results): Promise<void> {
  const script = await bundle();
  const done = Promise.withResolvers<void>();
  const settings = {
    http: clear.http,
    key: clear.key,
    steps: Object.fromEntries(clients.map((client) => [client, pageSteps()])),
  };
  const pages = createServer(async (request, response) => {
    if (request.url === "/settings") response.end(JSON.stringify(settings));
    else if (request.url === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
    else if (request.url === "/result") {
      results.add((await json(request)) as Result);
      response.end();
    } else if (request.url === "/end") {
      done.resolve();
      response.end();
    } else
      response.setHeader("content-type", "text/html").end('<script type="module" src="/page.js"></script>');
  });
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  try {
    await withFolder(async (profile) => {
      const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
      const browser = spawn(await chromium(), [...flags, `--user-data-dir=${profile}`, origin], {
        stdio: "pipe",
      });
      let log = "";
      browser.stderr.on("data", (chunk) => {
        log = `${log}${chunk}`.slice(-2_000);
      });
      browser.once("exit", (code) => done.reject(new Error(`the browser ended with ${code}: ${log}`)));
      const tooLong = setTimeout(() => done.reject(new Error(`the page did not end: ${log}`)), TIMEOUT_MS);
      try {
        await done.promise;
      } finally {
        clearTimeout(tooLong);
        browser.kill("SIGKILL");
        if (browser.exitCode === null && browser.signalCode === null) await once(browser, "exit");
      }
    });
  } finally {
    pages.closeAllConnections();
    pages.close();
  }
}

// No sandbox: it needs rights that containers and root do not have, and only our own page is opened.
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];

function pageSteps(): PageStep[] {
  return scenario().flatMap(({ name, body, expected }) => {
    const step = { name, body: body as PageStep["body"], expected: expected.source };
    // CompareBenchmarks needs a second one.
    if (name === "BenchmarkService/CreateBenchmark")
      return [step, { ...step, body: secondBenchmark(body) as PageStep["body"] }];
    // Pages have no client streaming, but later steps need what it writes.
    if (name === "BenchmarkService/StreamEvaluations")
      return [{ ...step, name: "BenchmarkService/BatchCreateEvaluations", expected: "OUTCOME_CREATED" }];
    return [step];
  });
}

/** The page's script with all that it imports. */
async function bundle(): Promise<string> {
  const esbuild = join(browserFolder, "node_modules", ".bin", "esbuild");
  const page = join(import.meta.dirname, "browser", "page.ts");
  return succeed(esbuild, [page, "--bundle", "--format=esm", "--target=es2024", "--log-level=error"], {
    cwd: root,
  });
}
