import type { ServerResponse } from "node:http";

/** Answers with a JSON document that nobody may cache. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
