import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { bearerOf } from "../../auth/access.ts";
import type { MetricsAccess } from "../../config/metrics.ts";
import type { Exposition } from "../../metrics/exposition.ts";
import type { Family } from "../../metrics/family.ts";
import { answerJson } from "./answers.ts";

export interface MetricsOptions {
  readonly access: MetricsAccess;
  /** Beside those of calls and of the process. */
  readonly families: readonly Family[];
}

/**
 * Answers GET `/metrics`. It has a token of its own rather than an API key: keys are looked up in the
 * database, and that it is down is when somebody wants to read this.
 */
export function metricsRoute(access: Exclude<MetricsAccess, "off">, families: readonly Family[]) {
  let exposition: Promise<Exposition> | undefined;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = refusalOf(access, request.headers.authorization);
    if (refusal !== undefined) {
      response.setHeader("www-authenticate", "Bearer");
      return answerJson(response, 401, { code: "unauthenticated", message: refusal });
    }
    // Loaded when first asked for: it takes 50 ms, and then watches event loop and garbage collection.
    exposition ??= import("../../metrics/exposition.ts").then(({ Exposition }) => new Exposition(families));
    const { contentType, text } = await (await exposition).read();
    response.writeHead(200, { "content-type": contentType, "cache-control": "no-store" });
    response.end(text);
  };
}

function refusalOf(access: Exclude<MetricsAccess, "off">, authorization = ""): string | undefined {
  if (access === "open") return undefined;
  if (access === "closed")
    return (
      "metrics are told on an address that others can reach only to those who bring the token in " +
      "LTB_METRICS_TOKEN, which is not set; LTB_METRICS=open tells everybody"
    );
  const token = bearerOf(authorization);
  if (token !== undefined && timingSafeEqual(hashToken(token), hashToken(access.reveal()))) return undefined;
  return "expected authorization: Bearer with the token that LTB_METRICS_TOKEN holds";
}

/** Makes tokens equally long, which comparing in constant time takes. */
function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
