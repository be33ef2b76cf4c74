import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll } from "vitest";
import { chromiumArgs } from "../harness/chromium.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { program } from "./browser.ts";

/** A tab as the browser's own protocol names it. */
interface Tab {
  id: string;
  webSocketDebuggerUrl: string;
}

/**
 * A window whose tabs are hidden behind the one in front, as a reader's are. Playwright tells every page that
 * it is visible, so these are driven by the browser's protocol itself.
 */
export function tabs() {
  const folder = temporaryFolder();
  let running: ChildProcess | undefined;
  let address = "";
  beforeAll(async () => {
    const switches = ["--headless", ...chromiumArgs, "--remote-debugging-port=0"];
    running = spawn(program ?? "", [...switches, `--user-data-dir=${folder}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    for await (const chunk of running.stderr ?? []) {
      said += chunk;
      address = /ws:\/\/([^/]+)/.exec(said)?.[1] ?? "";
      if (address !== "") break;
    }
    if (address === "") throw new Error(`the browser has not started: ${said}`);
  });
  afterAll(async () => {
    if (running && running.exitCode === null) {
      running.kill();
      await once(running, "exit");
    }
  });
  return {
    /** Opens a tab in front of the others, and waits for nothing. */
    async open(url: string): Promise<Tab> {
      const answer = await fetch(`http://${address}/json/new?${encodeURIComponent(url)}`, { method: "PUT" });
      return (await answer.json()) as Tab;
    },
    async bringToFront({ id }: Tab): Promise<void> {
      await fetch(`http://${address}/json/activate/${id}`);
    },
    /** What an expression of JavaScript is in a tab, with what it promises. */
    async evaluate({ webSocketDebuggerUrl }: Tab, expression: string): Promise<unknown> {
      const socket = new WebSocket(webSocketDebuggerUrl);
      await once(socket, "open");
      const params = { expression, awaitPromise: true, returnByValue: true };
      socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
      const [message] = await once(socket, "message");
      socket.close();
      return JSON.parse(String(message.data)).result.result.value;
    },
  };
}
