import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamEvaluationsRequestSchema } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { BatchCreateJobsRequestSchema, CompleteJobsRequestSchema } from "../../gen/ltb/v1/job_service_pb.ts";
import { decode, ReadValue } from "../../src/wire/decode.ts";

const bytesOf = <Desc extends DescMessage>(type: Desc, init: MessageInitShape<Desc>) =>
  toBinary(type, create(type, init));

/** What comes of the bytes: the message with each Value as JSON, or the error. */
function outcome(read: typeof decode, type: DescMessage, bytes: Uint8Array): unknown {
  try {
    return plain(read(type, bytes));
  } catch (error) {
    return String(error);
  }
}

function plain(part: unknown): unknown {
  if (typeof part === "bigint") return `${part}n`;
  if (typeof part !== "object" || part === null || part instanceof Uint8Array) return part;
  if (part instanceof ReadValue) return plain({ $typeName: part.$typeName, kind: part.kind });
  if (Array.isArray(part)) return part.map(plain);
  return Object.entries(part).map(([key, value]) => [key, plain(value)]);
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "\u{1F600}", "\uFFFD", "\0", '"', "木", "\uFEFF") });
const json = fc.jsonValue({ maxDepth: 3 });
const struct = fc.dictionary(fc.oneof(text, fc.constantFrom("score", "__proto__", "0")), json, {
  maxKeys: 4,
});
const wild = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY));
const evaluation = fc.record(
  {
    id: text,
    sampleId: text,
    repetition: fc.integer(),
    input: text,
    output: text,
    metrics: struct,
    score: wild,
    inputTokens: fc.integer(),
    metadata: struct,
    createdAt: fc.record({ seconds: fc.bigInt({ min: -(2n ** 40n), max: 2n ** 60n }), nanos: fc.nat() }),
  },
  { requiredKeys: [] },
);
const job = fc.record({
  jobType: text,
  priority: fc.integer(),
  maxRetries: fc.option(fc.integer(), { nil: undefined }),
  requiredTags: fc.array(text, { maxLength: 3 }),
  payload: struct,
  delay: fc.record({ seconds: fc.bigInt({ min: 0n, max: 2n ** 31n }), nanos: fc.nat() }),
});

const requests = fc.oneof(
  fc
    .record({ benchmarkId: text, evaluations: fc.array(evaluation, { maxLength: 3 }) })
    .map((init): [DescMessage, Uint8Array] => [
      StreamEvaluationsRequestSchema,
      bytesOf(
        StreamEvaluationsRequestSchema,
        init as MessageInitShape<typeof StreamEvaluationsRequestSchema>,
      ),
    ]),
  fc
    .record({ requestId: text, jobs: fc.array(job, { maxLength: 3 }) })
    .map((init): [DescMessage, Uint8Array] => [
      BatchCreateJobsRequestSchema,
      bytesOf(BatchCreateJobsRequestSchema, init as MessageInitShape<typeof BatchCreateJobsRequestSchema>),
    ]),
);

test("a request is decoded as by the library, whatever is in it", () => {
  fc.assert(
    fc.property(requests, ([type, bytes]) => {
      expect(outcome(decode, type, bytes)).toEqual(outcome(fromBinary, type, bytes));
    }),
  );
});

test("so is one whose bytes were changed, cut off or joined with others", () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
  fc.assert(
    fc.property(requests, requests, changes, fc.nat(), ([type, one], [, other], changed, end) => {
      const bytes = Buffer.concat([one, end % 2 === 0 ? other : Buffer.alloc(0)]);
      for (const [place, byte] of changed) if (bytes.length > 0) bytes[place % bytes.length] = byte;
      const sent = bytes.subarray(0, end % 3 === 0 ? end % (bytes.length + 1) : bytes.length);
      expect(outcome(decode, type, sent)).toEqual(outcome(fromBinary, type, sent));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["a Value that holds nothing", [0x1a, 0]],
  ["a Value that holds two things", [0x1a, 4, 0x20, 1, 0x20, 0]],
  ["a field that comes twice", [0x1a, 6, 0x32, 4, 0x0a, 2, 0x20, 1, 0x1a, 6, 0x32, 4, 0x0a, 2, 0x20, 0]],
  ["a Value of an unknown kind", [0x1a, 2, 0x38, 1]],
  ["null as another number", [0x1a, 2, 0x08, 7]],
  ["true as another number", [0x1a, 2, 0x20, 7]],
  [
    "a key that comes twice",
    [0x1a, 18, 0x2a, 16, 0x0a, 6, 0x0a, 1, 97, 0x12, 1, 0x20, 0x0a, 6, 0x0a, 1, 97, 0x12, 1, 0x20],
  ],
  ["an entry without a key", [0x1a, 8, 0x2a, 6, 0x0a, 4, 0x12, 2, 0x20, 1]],
  ["text that is no UTF-8", [0x1a, 3, 0x1a, 1, 0xff]],
  ["a field with the type of another", [0x10, 0x81, 0x80, 0x00, 0x1d, 1, 2, 3, 4]],
  ["a length beyond the end", [0x1a, 0x7f, 0x20, 1]],
  ["a negative length", [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
])("%s is what the library says", (_, item) => {
  // `items` is field 2, and `result` of an item field 3.
  const bytes = Buffer.from([0x12, item.length, ...item]);
  expect(outcome(decode, CompleteJobsRequestSchema, bytes)).toEqual(
    outcome(fromBinary, CompleteJobsRequestSchema, bytes),
  );
});

test("objects are decoded down to the library's depth, and no deeper", () => {
  for (const levels of [20, 48, 49, 50, 60]) {
    let nested: Value = create(ValueSchema, { kind: { case: "boolValue", value: true } });
    for (let level = 0; level < levels; level++)
      nested = create(ValueSchema, { kind: { case: "listValue", value: { values: [nested] } } });
    const bytes = bytesOf(CompleteJobsRequestSchema, { items: [{ result: nested }] });
    expect(outcome(decode, CompleteJobsRequestSchema, bytes)).toEqual(
      outcome(fromBinary, CompleteJobsRequestSchema, bytes),
    );
  }
});

test("a Value is read as JSON, and its kind when somebody asks", () => {
  const result = create(ValueSchema, { kind: { case: "stringValue", value: "木" } });
  const bytes = bytesOf(CompleteJobsRequestSchema, { items: [{ result }] });
  const read = decode(CompleteJobsRequestSchema, bytes).items[0]?.result;
  expect(read).toBeInstanceOf(ReadValue);
  expect(read).toMatchObject({ json: "木", kind: result.kind });
});

test("a key that was read before is not taken for another of the same length", () => {
  const keys = ["ab", "ba", "é", "e", "ab", "aa", "Aa", "BB"];
  for (const key of keys) {
    const bytes = bytesOf(BatchCreateJobsRequestSchema, { jobs: [{ payload: { [key]: 1 } }] });
    expect(decode(BatchCreateJobsRequestSchema, bytes).jobs[0]?.payload).toEqual({ [key]: 1 });
  }
});
