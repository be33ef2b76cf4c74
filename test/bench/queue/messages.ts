import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  BatchCreateJobsRequestSchema,
  ClaimJobsRequestSchema,
  CreateJobRequestSchema,
} from "../../../gen/ltb/v1/job_service_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import { jobType, payload, result } from "./job.ts";

// Documents travel as text, as those of the worker runtime do.
const payloadJson = JSON.stringify(payload);
const resultJson = JSON.stringify(result);
const jsonFormat = JsonFormat.TEXT;

/** What a worker needs of a lease to end it. */
export interface Held {
  jobId: string;
  epoch: number;
}

export function createBody(type = jobType, requiredTags: string[] = []): Uint8Array {
  return toBinary(
    CreateJobRequestSchema,
    create(CreateJobRequestSchema, { jobType: type, payloadJson, requiredTags }),
  );
}

export function createBatchBody(count: number, fairKeyOf: (index: number) => string = () => ""): Uint8Array {
  const jobs = Array.from({ length: count }, (_, index) => ({
    jobType,
    payloadJson,
    fairKey: fairKeyOf(index),
  }));
  return toBinary(BatchCreateJobsRequestSchema, create(BatchCreateJobsRequestSchema, { jobs }));
}

export function claimBody(workerId: string, maxJobs: number, waitSeconds = 0): Uint8Array {
  const wait = { seconds: BigInt(waitSeconds), nanos: 0 };
  return toBinary(
    ClaimJobsRequestSchema,
    create(ClaimJobsRequestSchema, { workerId, maxJobs, jsonFormat, ...(waitSeconds > 0 && { wait }) }),
  );
}

/**
 * Reads ids and epochs only: the client shares the cores with what is measured, and its cost is that of its
 * language.
 */
export function heldOf(response: Uint8Array, leases: "ofClaim" | "ofReport" = "ofClaim"): Held[] {
  const held: Held[] = [];
  const wanted = leases === "ofClaim" ? 1 : 2;
  forEachField(response, (field, reader) => {
    if (field !== wanted) return false;
    const one: Held = { jobId: "", epoch: 0 };
    forEachField(reader.bytes(), (field, inLease) => {
      if (field === 2) one.epoch = inLease.int32();
      else if (field === 1) one.jobId = idOf(inLease.bytes());
      else return false;
      return true;
    });
    held.push(one);
    return true;
  });
  return held;
}

/** The ids of the jobs that BatchCreateJobs answers. */
export function idsOf(response: Uint8Array): Set<string> {
  const ids = new Set<string>();
  forEachField(response, (field, reader) => {
    if (field !== 1) return false;
    ids.add(idOf(reader.bytes()));
    return true;
  });
  return ids;
}

function idOf(job: Uint8Array): string {
  let id = "";
  forEachField(job, (field, reader) => {
    if (field !== 1) return false;
    id = reader.string();
    return true;
  });
  return id;
}

function forEachField(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!read(field, reader)) reader.skip(wireType, field);
  }
}

/** @param next most jobs to claim by the same call; 0: none */
export function completeBody(workerId: string, jobs: readonly Held[], next = 0): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(workerId);
  for (const { jobId, epoch } of jobs) {
    writer.tag(2, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(jobId).tag(2, WireType.Varint).int32(epoch);
    writer.tag(5, WireType.LengthDelimited).string(resultJson).join();
  }
  if (next > 0) {
    writer.tag(3, WireType.LengthDelimited).fork().tag(2, WireType.Varint).int32(next);
    writer.tag(5, WireType.Varint).int32(jsonFormat).join();
  }
  return writer.finish();
}

/** How many results of CompleteJobs have outcome OK. */
export function countCompleted(response: Uint8Array): number {
  let completed = 0;
  forEachField(response, (field, reader) => {
    if (field !== 1) return false;
    forEachField(reader.bytes(), (inResult, outcome) => {
      if (inResult !== 2) return false;
      if (outcome.int32() === 1) completed++;
      return true;
    });
    return true;
  });
  return completed;
}
