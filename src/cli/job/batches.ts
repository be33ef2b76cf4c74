import { create, toBinary } from "@bufbuild/protobuf";
import { type NewJob, NewJobSchema } from "../../../gen/ltb/v1/job_pb.ts";
import { readPayloads } from "./payload.ts";

/** The fields of a job to be created. */
export type JobFields = Partial<Omit<NewJob, "$typeName" | "$unknown">>;

/** Most jobs that BatchCreateJobs takes. */
const BATCH_JOBS = 1000;
/** Room in a message for what is around the jobs, and in it around each. */
const ENVELOPE_BYTES = 1024;

/** Jobs for one call of BatchCreateJobs. */
export interface Batch {
  jobs: JobFields[];
  /** Line of the file that the first of them stands in. */
  firstLine: number;
  lastLine: number;
  /** Bytes of the file that it took. */
  bytes: number;
}

/** The jobs of a JSONL file of payloads, in batches as large as the service takes them. */
export async function* batchesOf(
  path: string,
  fields: JobFields,
  maxMessageBytes: number,
): AsyncGenerator<Batch> {
  let batch: Batch | undefined;
  let size = 0;
  for await (const { payload, line, bytes } of readPayloads(path)) {
    const job = { ...fields, payload };
    const jobSize = toBinary(NewJobSchema, create(NewJobSchema, job)).length + 8;
    const full = batch?.jobs.length === BATCH_JOBS || size + jobSize + ENVELOPE_BYTES > maxMessageBytes;
    if (batch !== undefined && full) {
      yield batch;
      batch = undefined;
    }
    batch ??= { jobs: [], firstLine: line, lastLine: line, bytes: 0 };
    if (batch.jobs.length === 0) size = 0;
    batch.jobs.push(job);
    batch.lastLine = line;
    batch.bytes += bytes;
    size += jobSize;
  }
  if (batch !== undefined) yield batch;
}
