import { execFile } from "node:child_process";
import type { JsonObject } from "../../src/validation.ts";
import type { Results } from "./results.ts";
import { type Step, scenario, secondBenchmark } from "./scenario.ts";
import type { Service } from "./service.ts";

interface Answer {
  /** Status of HTTP; of a stream 200 whatever became of it. */
  status: number;
  /** The messages in JSON, one unless it is a stream. */
  text: string;
  /** The error's JSON; of a stream from its last frame. */
  error:
    | { code?: string; message?: string; details?: { type: string; debug?: { reason?: string } }[] }
    | undefined;
}

/** curl with JSON on the HTTP port: unary calls as plain POST, streams in Connect's frames. */
export async function exerciseCurl(service: Service, results: Results): Promise<void> {
  const client = service.caFile === undefined ? "curl, JSON" : "curl, JSON, TLS";
  const steps = scenario();
  let session = service.key;
  for (const step of steps) {
    await results.check({ kind: "rpc", client, what: step.name }, async () => {
      if (step.name === "BenchmarkService/CompareBenchmarks") {
        const first = steps.find(({ name }) => name === "BenchmarkService/CreateBenchmark");
        if (first) await call(service, { ...first, body: secondBenchmark(first.body) }, service.key);
      }
      const key = step.name === "UserService/Logout" ? session : service.key;
      const { status, text, error } = await call(service, step, key);
      if (step.name === "UserService/Login") session = /"sessionToken":"([^"]+)/.exec(text)?.[1] ?? session;
      const endless = step.method.name.startsWith("Watch");
      if (error !== undefined && !(endless && error.code === "deadline_exceeded"))
        throw new Error(`${status}: ${JSON.stringify(error)}`);
      if (!step.expected.test(text)) throw new Error(`expected ${step.expected}, got ${text.slice(0, 1000)}`);
      return undefined;
    });
  }

  const named = (name: string) => {
    const step = steps.find((one) => one.name === name);
    if (step === undefined) throw new Error(`no step ${name}`);
    return step;
  };
  const failure = (
    what: string,
    step: Step,
    key: string | undefined,
    expected: { status: number; code: string; reason: string },
  ) =>
    results.check({ kind: "behaviour", client, what }, async () => {
      const { status, error } = await call(service, step, key);
      const reason = error?.details?.find(({ type }) => type === "google.rpc.ErrorInfo")?.debug?.reason;
      const got = { status, code: error?.code, reason };
      if (JSON.stringify(got) !== JSON.stringify(expected))
        throw new Error(`got ${JSON.stringify({ ...got, error })}`);
      return `${status} ${reason}`;
    });
  const get = named("BenchmarkService/GetBenchmark");
  const missing = { ...get, body: { id: "01890a5d-ac96-774b-bcce-b302099affff" } };
  await failure("error: no key", get, undefined, {
    status: 401,
    code: "unauthenticated",
    reason: "CREDENTIAL_MISSING",
  });
  await failure("error: wrong key", get, "nonsense", {
    status: 401,
    code: "unauthenticated",
    reason: "CREDENTIAL_INVALID",
  });
  await failure("error: not found", missing, service.key, {
    status: 404,
    code: "not_found",
    reason: "NOT_FOUND",
  });
  await failure("error: wrong field", { ...get, body: { id: "x" } }, service.key, {
    status: 400,
    code: "invalid_argument",
    reason: "INVALID_ARGUMENT",
  });
  await failure("error: unknown field", { ...get, body: { identifier: "x" } }, service.key, {
    status: 400,
    code: "invalid_argument",
    reason: "INVALID_ARGUMENT",
  });
  for (const path of ["healthz", "readyz"])
    await results.check({ kind: "behaviour", client, what: `/${path}` }, async () => {
      const out = await curl(service, [`${service.http}/${path}`]);
      if (!out.toString().includes('"status":')) throw new Error(out.toString());
      return undefined;
    });
}

async function call(service: Service, { method, body }: Step, key: string | undefined): Promise<Answer> {
  const unary = method.methodKind === "unary";
  const out = await curl(
    service,
    [
      ...[
        "-H",
        `Content-Type: application/${unary ? "json" : "connect+json"}`,
        "-H",
        "Connect-Protocol-Version: 1",
      ],
      ...["-H", `Connect-Timeout-Ms: ${method.name.startsWith("Watch") ? 3_000 : 20_000}`],
      ...(key === undefined ? [] : ["-H", `Authorization: Bearer ${key}`]),
      ...["--data-binary", "@-", "-w", "%{stderr}%{http_code}"],
      `${service.http}/${method.parent.typeName}/${method.name}`,
    ],
    unary ? JSON.stringify(body) : frame(body),
  );
  if (unary) {
    const status = out.status;
    return { status, text: out.toString(), error: status === 200 ? undefined : JSON.parse(out.toString()) };
  }
  if (out.status !== 200)
    return { status: out.status, text: out.toString(), error: { message: out.toString() } };
  const frames = framesOf(out.body);
  const end = frames.pop();
  return { status: out.status, text: frames.join("\n"), error: JSON.parse(end ?? "{}").error };
}

function curl(service: Service, args: string[], input: string | Uint8Array = "") {
  const trust = service.caFile === undefined ? [] : ["--cacert", service.caFile];
  return new Promise<{ body: Buffer; status: number; toString(): string }>((resolve, reject) => {
    const child = execFile(
      "curl",
      ["--silent", "--show-error", "--max-time", "30", ...trust, ...args],
      { encoding: "buffer", maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`curl: ${stderr}`));
        else resolve({ body: stdout, status: Number(stderr.toString()), toString: () => stdout.toString() });
      },
    );
    child.stdin?.end(input);
  });
}

/** A message of a stream as Connect frames it: a byte of flags, the length, the JSON. */
function frame(body: JsonObject): Uint8Array {
  const json = Buffer.from(JSON.stringify(body));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(json.length, 1);
  return Buffer.concat([head, json]);
}

function framesOf(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    frames.push(bytes.subarray(at + 5, end).toString());
    at = end;
  }
  return frames;
}
