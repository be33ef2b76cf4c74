import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { packageRoot } from "../../version.ts";

// The console's files are built into dist/console (scripts/build-console.ts), and answered from memory.

/** A built file in the forms in which it is sent. */
interface Built {
  readonly type: string;
  readonly etag: string;
  readonly forms: ReadonlyMap<string, Buffer>;
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

// Data is what models and strangers wrote. A page that shows it may run and load nothing but its own files,
// and may make no HTML of text (Trusted Types without a policy).
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const consoleHeaders = {
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const notBuilt = "The console is not built. In a checkout, npm ci builds it, or npm run build:console.\n";

/**
 * Answers GET and HEAD of paths under `/console/`: files as they are, and any other path with the page, whose
 * script knows what to show there. Names of datasets may have dots, so an extension does not tell a file.
 */
export function consoleFiles(folder = join(packageRoot, "dist/console")) {
  let files: ReadonlyMap<string, Built> | undefined;
  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(consoleHeaders)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    // They are read when first asked for: most services are never looked at.
    files ??= readFiles(folder);
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const name = path.slice("/console/".length);
    const isAsset = name.startsWith("assets/");
    const file = files.get(name) ?? (isAsset ? undefined : files.get("index.html"));
    if (file) {
      send(request, response, file, isAsset);
      return;
    }
    const text = isAsset
      ? "There is no such file: a newer version of the console may be running.\n"
      : notBuilt;
    response.writeHead(isAsset ? 404 : 503, { "content-type": "text/plain; charset=utf-8" }).end(text);
  };
}

function send(
  { headers, method }: IncomingMessage,
  response: ServerResponse,
  file: Built,
  named: boolean,
): void {
  const { type, etag, forms } = file;
  const accepted = String(headers["accept-encoding"] ?? "").split(/\s*,\s*/);
  const form = ["br", "gzip"].find((each) => accepted.includes(each) && forms.has(each)) ?? "identity";
  const tag = form === "identity" ? `"${etag}"` : `"${etag}-${form}"`;
  // The names of assets hold their hash.
  response.setHeader("cache-control", named ? "public, max-age=31536000, immutable" : "no-cache");
  response.setHeader("etag", tag).setHeader("vary", "accept-encoding");
  if (headers["if-none-match"]?.split(/\s*,\s*/).includes(tag)) {
    response.writeHead(304).end();
    return;
  }
  const body = forms.get(form) ?? Buffer.alloc(0);
  response.writeHead(200, {
    "content-type": type,
    "content-length": body.length,
    ...(form !== "identity" && { "content-encoding": form }),
  });
  response.end(method === "HEAD" ? undefined : body);
}

function readFiles(folder: string): Map<string, Built> {
  const found = new Map<string, Built>();
  for (const path of pathsUnder(folder)) {
    const type = types[extname(path)];
    if (!type) continue;
    const content = readFileSync(path);
    const forms = new Map([["identity", content]]);
    for (const [form, suffix] of Object.entries({ br: ".br", gzip: ".gz" })) {
      try {
        forms.set(form, readFileSync(path + suffix));
      } catch {
        // It is sent as it is.
      }
    }
    const etag = createHash("sha256").update(content).digest("base64url").slice(0, 22);
    found.set(relative(folder, path).replaceAll(sep, "/"), { type, etag, forms });
  }
  return found;
}

function pathsUnder(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}
