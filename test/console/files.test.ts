import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serve } from "../rpc/support.ts";

const built = join(import.meta.dirname, "../../dist/console");

async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const { httpUrl } = await serve({}, { console: true });
  return fetch(httpUrl + path, { method, headers, redirect: "manual" });
}

describe("the console's files", () => {
  test.each(["/console/", "/console/benchmarks/b1/samples?failed=1"])("%s answers the page", async (path) => {
    const answer = await get(path, { "accept-encoding": "identity" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-cache");
    const page = await answer.text();
    expect(page).toContain('<div id="root">');
    // The policy refuses scripts and styles within the page.
    expect(page.replace(/<script [^>]*src="[^"]+"[^>]*><\/script>/g, "")).not.toMatch(
      /<script|<style|style=|\son\w+=/,
    );
    const policy = answer.headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self'; style-src 'self'");
    expect(policy).toContain("trusted-types 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("have names that hold their hash, and are kept for good", async () => {
    const page = await (await get("/console/")).text();
    const script = /src="(\/console\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? "";
    const plain = await (await get(script, { "accept-encoding": "identity" })).text();
    for (const coding of ["br", "gzip"]) {
      const answer = await get(script, { "accept-encoding": coding });
      expect(answer.headers.get("content-encoding")).toBe(coding);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(answer.headers.get("vary")).toContain("accept-encoding");
      expect(await answer.text()).toBe(plain);
    }
  });

  test("are not sent again to who has them", async () => {
    const first = await get("/console/", { "accept-encoding": "gzip" });
    const etag = first.headers.get("etag") ?? "";
    const again = await get("/console/", { "accept-encoding": "gzip", "if-none-match": `"x", ${etag}` });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
    const other = await get("/console/", { "accept-encoding": "identity", "if-none-match": etag });
    expect(other.status).toBe(200);
  });

  test("a file of another version is not there", async () => {
    const answer = await get("/console/assets/gone-1234.js");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("cache-control")).toBeNull();
  });

  test.each([
    "/console/../package.json",
    "/console/.inputs",
    "/console/%2e%2e/a.js",
    "/console/leaderboards/mmlu-1.1",
  ])("%s is the page, whatever lies beside it on the disk", async (path) => {
    const { httpUrl } = await serve({}, { console: true });
    // fetch would take the dots out.
    const sent = request(httpUrl, { path }).end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(Buffer.concat(await answer.toArray()).toString()).toContain('<div id="root">');
  });

  test("are only read", async () => {
    const answer = await get("/console/", {}, "POST");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
    const head = await get("/console/", {}, "HEAD");
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(100);
  });

  test("are not there where the console is switched off", async () => {
    const { httpUrl } = await serve({}, { console: false });
    for (const path of ["/console/", "/console", "/console/config", "/"]) {
      const answer = await fetch(httpUrl + path, { headers: { accept: "text/html" }, redirect: "manual" });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  test("/ leads browsers there, and tells others that there is nothing", async () => {
    const browser = await get("/", { accept: "text/html,application/xhtml+xml" });
    expect([browser.status, browser.headers.get("location")]).toEqual([302, "/console/"]);
    const curl = await get("/", { accept: "*/*" });
    expect(curl.status).toBe(404);
    expect(await curl.json()).toMatchObject({ code: "not_found" });
  });

  test("are small: 180 kB of script at first load, 15 kB of style", async () => {
    const page = await (await get("/console/")).text();
    const first = [...page.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map(([, name]) => name ?? "");
    const size = (suffix: string) =>
      first
        .filter((name) => name.endsWith(suffix))
        .reduce((sum, name) => sum + statSync(join(built, `${name}.br`)).size, 0);
    expect(size(".js")).toBeLessThan(180_000);
    expect(size(".css")).toBeLessThan(15_000);
    expect(first.length).toBeLessThanOrEqual(7);
    const all = readdirSync(join(built, "assets")).filter((name) => name.endsWith(".js"));
    expect(all.length).toBeGreaterThan(first.length);
  });
});
