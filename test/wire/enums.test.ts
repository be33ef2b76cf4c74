import { expect, test } from "vitest";
import { JobAttemptOutcome, JobAttemptOutcomeSchema } from "../../gen/ltb/v1/job_pb.ts";
import { wireEnum } from "../../src/wire/enums.ts";

const outcomes = wireEnum<typeof JobAttemptOutcome>(JobAttemptOutcomeSchema);

test("every value but UNSPECIFIED has a word, in the order of the contract", () => {
  const { UNSPECIFIED: _, ...values } = JobAttemptOutcome;
  expect(Object.values(outcomes.values)).toEqual(Object.values(values));
  expect(outcomes.values.timed_out).toBe(JobAttemptOutcome.TIMED_OUT);
});

test("a value of a request becomes its word, UNSPECIFIED none", () => {
  expect(outcomes.parse(JobAttemptOutcome.TIMED_OUT, "outcome")).toBe("timed_out");
  expect(outcomes.parse(JobAttemptOutcome.UNSPECIFIED, "outcome")).toBeUndefined();
});

test("a number that the contract does not know is refused in a request, and shown in an answer", () => {
  expect(() => outcomes.parse(99, "outcome")).toThrow("must be a value of JobAttemptOutcome, is 99");
  expect(outcomes.describe(99)).toBe("99");
  expect(outcomes.describe(JobAttemptOutcome.TIMED_OUT)).toBe("timed_out");
});
