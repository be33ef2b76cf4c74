import { describe, expect, test } from "vitest";
import { plainSecret, withoutSecrets } from "../../src/secrets.ts";
import type { JsonObject } from "../../src/validation.ts";
import { output, rows } from "./promptfoo-fixture.ts";
import { readAll, temporary } from "./support.ts";

async function imported(name: string, log: object, options = {}) {
  const notes: string[] = [];
  const read = await readAll(await temporary(name, JSON.stringify(log)), {
    ...options,
    onNote: (note) => notes.push(note),
  });
  return { read, text: JSON.stringify(read), notes };
}

const inspect = {
  status: "success",
  eval: {
    ...{ eval_id: "e", task: "t", model: "p/m", created: "2026-01-01T00:00:00Z" },
    model_args: { api_key: "sk-test-123INSPECT", headers: { Authorization: "Bearer sk-test-456" } },
    model_base_url: "https://user:sekretpw789@host/v1",
    metadata: { nested: { password: "hunter2XYZ" } },
  },
  stats: {},
  error: { message: "Incorrect API key: sk-0123456789abcdefghij" },
  samples: [
    {
      ...{ id: "s", epoch: 1, input: "password: hunter2", target: "t", output: { completion: "sk-learn" } },
      ...{ scores: { a: { value: 1 } }, metadata: { apiKey: "sk-test-ROW", token: "word", max_tokens: 5 } },
    },
  ],
};
const secrets = /sk-test|sekretpw789|hunter2XYZ|sk-0123456789/;

describe("secrets of a log", () => {
  test("are replaced and counted; what the model read and wrote stays", async () => {
    const { read, text, notes } = await imported("log.json", inspect);
    expect(text).not.toMatch(secrets);
    expect(notes).toEqual(["7 secrets were replaced by [redacted]; --keep-secrets keeps them"]);
    expect(read[0]?.benchmark).toMatchObject({
      error: "Incorrect API key: [redacted]",
      metadata: { eval: { model_args: { api_key: "[redacted]" }, model_base_url: "https[redacted]host/v1" } },
    });
    expect(read[0]?.evaluations[0]).toMatchObject({
      ...{ input: "password: hunter2", output: "sk-learn" },
      metadata: { metadata: { apiKey: "[redacted]", token: "word", max_tokens: 5 } },
    });
  });

  test("are kept when asked", async () => {
    const { text, notes } = await imported("log.json", inspect, { keepSecrets: true });
    expect(text).toContain("hunter2XYZ");
    expect(text).toContain("sk-test-ROW");
    expect(notes).toEqual([]);
  });

  test("promptfoo: of its configuration, of its rows and of the tests in them", async () => {
    const config = { description: "d", providers: [{ config: { apiKey: "sk-test-PF" } }] };
    const provider = { id: "openai:gpt", config: { apiKey: "sk-test-ROW" } };
    const testCase = { vars: {}, options: { provider: { config: { apiKey: "sk-test-TC" } } } };
    const results = { ...output.results, results: [{ ...rows[0], provider, testCase }] };
    const { text, notes } = await imported("output.json", { ...output, results, config });
    expect(text).not.toContain("sk-test");
    expect(notes).toEqual(["3 secrets were replaced by [redacted]; --keep-secrets keeps them"]);
  });

  test("rows", async () => {
    const { text } = await imported(
      "rows.json",
      { rows: [{ input: "a", request: { "x-api-key": "k-123" } }] },
      {
        rows: "rows",
      },
    );
    expect(text).not.toContain("k-123");
  });
});

test.each<[JsonObject, JsonObject]>([
  [{ args: "model=gpt-4,api_key=abc,base=x" }, { args: "model=gpt-4,api_key=[redacted],base=x" }],
  [{ url: "https://x/v1?key=0123456789&a=b" }, { url: "https://x/v1[redacted]&a=b" }],
  [
    { HF_TOKEN: "hf_abc", AWS_SECRET_ACCESS_KEY: "x" },
    { HF_TOKEN: "[redacted]", AWS_SECRET_ACCESS_KEY: "[redacted]" },
  ],
  [{ text: "hf_0123456789abcdefghij" }, { text: "[redacted]" }],
  [{ token: "t0psecret" }, { token: "[redacted]" }],
  [
    {
      headers: [
        ["Authorization", "Bearer abc"],
        ["Accept", "*"],
      ],
    },
    {
      headers: [
        ["Authorization", "[redacted]"],
        ["Accept", "*"],
      ],
    },
  ],
  [{ header: { name: "X-Api-Key", value: "k1" } }, { header: { name: "X-Api-Key", value: "[redacted]" } }],
  [{ curl: "curl -H 'x-api-key: abc123' https://x" }, { curl: "curl -H 'x-api-key: [redacted]' https://x" }],
  [
    { log: "POST /v1\r\nAuthorization: Bearer abc\r\nAccept: *" },
    { log: "POST /v1\r\nAuthorization: [redacted]\r\nAccept: *" },
  ],
  [{ body: '{"api_key": "abc", "a": 1}' }, { body: '{"api_key": "[redacted]", "a": 1}' }],
  [{ hf: { token: "Bearer abc", n: 1 } }, { hf: { token: "[redacted]", n: 1 } }],
  [{ body: '{"token":"t0psecret","a":1}' }, { body: '{"token":"[redacted]","a":1}' }],
  [{ body: String.raw`"{\"token\": \"t0psecret\"}"` }, { body: String.raw`"{\"token\": \"[redacted]\"}"` }],
  [{ url: "https://x/v1?token=t0psecret&a=b" }, { url: "https://x/v1[redacted]&a=b" }],
  [{ log: "Cookie: sid=t0psecret; a=b\nAccept: *" }, { log: "Cookie: [redacted]; a=b\nAccept: *" }],
  [{ text: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl" }, { text: "[redacted]" }],
])("%j holds secrets", (value, expected) => {
  expect(withoutSecrets(value, plainSecret)).toEqual(expected);
});

test.each<JsonObject>([
  { token: "the", next_token: "cat", pad_token: "</s>", tokens: ["a"] },
  { text: "Bearer certificates of deposit; def f(user,password=None): pass" },
  { tokens: ["t0psecret", "abc12345"], token: 5, prompt_tokens: 12, token_ids: [1], max_tokens: "4096" },
  {
    content: [
      { token: "sha256sum", logprob: -1 },
      { token: "<|reserved_special_token_0|>", bytes: [1] },
    ],
  },
  { choices: ["Password", "Username"], pair: ["secret", "public"], headers: [["Accept", "a1b2c3d4"]] },
  { text: "Authorization: required. The x-ray key: see page 5; the API key: open sesame; private_key = 29" },
  { code: "def f(api_key: Optional[str] = None): g(api_key=config.get1(x), token=tok1)", name: "token" },
  { name: "secret", value: "garden" },
  {
    body: '[{"token":"sha256sum","logprob":-0.1},{"token": "word","a":1}]',
    url: "https://x/?page_token=2&token=2",
  },
  { text: "Cookie: see page 5. A cookie: flour=200, sugar" },
  { password: "", api_key: null, secret: 5, cookie: false },
  { url: "https://example.com:8080/a@b?keys=1", secretary: "Ada", key: "C minor" },
])("%j holds none", (value) => {
  let found = 0;
  expect(withoutSecrets(value, plainSecret, () => found++)).toEqual(value);
  expect(found).toBe(0);
});
