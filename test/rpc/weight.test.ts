import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { BatchCreateEvaluationsRequestSchema } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { CreateJobRequestSchema } from "../../gen/ltb/v1/job_service_pb.ts";
import { weighBinary, weighJson } from "../../src/rpc/call/weight.ts";

/** The most elements that a message of so many bytes may have is a sixteenth of them. */
const max = 16 * 100;
const tooHeavy = { reason: "MESSAGE_TOO_LARGE", metadata: { limit_elements: "100" } };

function weight(type: DescMessage, bytes: Uint8Array): string {
  try {
    weighBinary(type, bytes, max);
    return "light";
  } catch (error) {
    expect(error).toMatchObject(tooHeavy);
    return "heavy";
  }
}

const batch = (evaluations: object[]) =>
  toBinary(
    BatchCreateEvaluationsRequestSchema,
    create(BatchCreateEvaluationsRequestSchema, { evaluations } as never),
  );
const long = "x".repeat(500);
const labels = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, long.slice(0, 5)]));

describe("the weight of a request in the binary format", () => {
  test("counts items of lists, and not the values in them", () => {
    const evaluations = Array.from({ length: 100 }, () => ({ input: "i", output: "o", sampleId: long }));
    expect(weight(BatchCreateEvaluationsRequestSchema, batch(evaluations))).toBe("light");
    expect(weight(BatchCreateEvaluationsRequestSchema, batch([...evaluations, {}]))).toBe("heavy");
  });

  test("counts entries of maps, values of JSON documents and tags, however deep", () => {
    const job = (init: object) =>
      toBinary(CreateJobRequestSchema, create(CreateJobRequestSchema, { jobType: long, ...init } as never));
    const list = (count: number) => ({ metadata: { a: { b: Array.from({ length: count }, () => 1) } } });
    const tags = (count: number) => ({ requiredTags: Array.from({ length: count }, () => "") });
    expect(weight(CreateJobRequestSchema, job(list(80)))).toBe("light");
    expect(weight(CreateJobRequestSchema, job(list(101)))).toBe("heavy");
    expect(weight(CreateJobRequestSchema, job(tags(100)))).toBe("light");
    expect(weight(CreateJobRequestSchema, job(tags(101)))).toBe("heavy");
    expect(
      weight(BatchCreateEvaluationsRequestSchema, batch([{ metrics: labels(0), metadata: labels(30) }])),
    ).toBe("light");
    expect(weight(BatchCreateEvaluationsRequestSchema, batch([{ metadata: labels(101) }]))).toBe("heavy");
  });

  test("counts unknown fields, which decoding keeps", () => {
    const unknown = (count: number) => Buffer.alloc(3 * count, Buffer.from([0xf8, 0x01, 0x00]));
    const type = toBinary(CreateJobRequestSchema, create(CreateJobRequestSchema, { jobType: long }));
    expect(weight(CreateJobRequestSchema, Buffer.concat([unknown(100), type]))).toBe("light");
    expect(weight(CreateJobRequestSchema, Buffer.concat([unknown(101), type]))).toBe("heavy");
    expect(weight(CreateJobRequestSchema, unknown(1_000))).toBe("heavy");
  });

  test("ends for whatever bytes, nested however deep", () => {
    for (const byte of [0, 0x0a, 0x12, 0x7f, 0x80, 0xff])
      weight(CreateJobRequestSchema, Buffer.alloc(5_000, byte));
    // Each level has the length of all that follows it.
    const levels: Buffer[] = [];
    for (let length = 0; length < 100_000; length += 4)
      levels.push(Buffer.from([0x32, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]));
    const nested = Buffer.concat(levels.reverse());
    weight(CreateJobRequestSchema, nested);
  });
});

describe("the weight of a request in JSON", () => {
  const weigh = (text: string) => weighJson(Buffer.from(text), max);

  test("counts objects, lists and what follows one another", () => {
    weigh(`{"a":[${"{},".repeat(98)}{}],"b":"${long}"}`);
    expect(() => weigh(`{"a":[${"{},".repeat(120)}{}],"b":"${long}"}`)).toThrow(
      expect.objectContaining(tooHeavy),
    );
    expect(() => weigh(`[${"1,".repeat(300)}1]`)).toThrow(expect.objectContaining(tooHeavy));
  });

  test("does not look into strings", () => {
    weigh(`{"a":"${"{[,".repeat(500)}"}`);
    weigh(`{"a":"${'\\"{[,'.repeat(500)}","b":"${"\\\\".repeat(501)}"}`);
    expect(() => weigh(`{"a":"\\\\","b":[${"{},".repeat(300)}{}]}`)).toThrow(
      expect.objectContaining(tooHeavy),
    );
  });
});
