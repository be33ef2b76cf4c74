import { type DescMessage, fromJsonString } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BatchCreateJobsRequestSchema, ClaimJobsRequestSchema } from "../../gen/ltb/v1/job_service_pb.ts";
import { strictJson } from "../../src/rpc/http/strict-json.ts";

const decode = (message: DescMessage, text: string) =>
  strictJson(message).textDecoder.decode(new TextEncoder().encode(text));

test.each([
  [BatchCreateJobsRequestSchema, '{"jobs":[{},{"runAt":"2026-04-31T00:00:00Z"}]}', "jobs[1].run_at"],
  [BatchCreateJobsRequestSchema, '{"jobs":[{"run_at":"2026-02-30T00:00:00\\u005a"}]}', "jobs[0].run_at"],
  [BatchCreateJobsRequestSchema, '{"jobs":[{},{"delay":"5s ago"}]}', "jobs[1].delay"],
  [ClaimJobsRequestSchema, '{"workerId":"w","wait":"1 s"}', "wait"],
])("%s: times within lists are named by their place: %s", (message, text, field) => {
  expect(() => decode(message, text)).toThrow(`${field}: must be`);
});

test.each([
  '{"jobs":[{"payload":{"runAt":"2026-02-30T00:00:00Z"},"jobType":"2026-02-30T00:00:00Z"}]}',
  '{"jobs":[{"runAt":null,"delay":null}],"requestId":"2026-02-30T00:00:00Z"}',
  '{"jobs":[{"runAt":"2026-01-31T00:00:00.123456789+05:30"},{"delay":"1.5s"},{"delay":"0s"}]}',
])("texts and documents may hold anything that looks like a time: %s", (text) => {
  expect(decode(BatchCreateJobsRequestSchema, text)).toBe(text);
  expect(() => fromJsonString(BatchCreateJobsRequestSchema, text)).not.toThrow();
});

test.each(["[]", "null", "5", '{"jobs":{}}', '{"jobs":[null,5,[]]}', '{"jobs":[{"runAt":5}]}'])(
  "what is wrong otherwise is left to Connect: %s",
  (text) => {
    expect(decode(BatchCreateJobsRequestSchema, text)).toBe(text);
  },
);
