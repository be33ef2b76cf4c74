import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { type NewJob, NewJobSchema } from "../../../gen/ltb/v1/job_pb.ts";
import type { ServiceClient } from "../shared/client.ts";
import { isTransient } from "../shared/describe-error.ts";
import { note, print, printJson } from "../shared/output.ts";
import { showProgress } from "../transfer/progress.ts";
import { readPayloads } from "./payload.ts";

/** The fields of a job to be created. */
export type JobFields = Partial<Omit<NewJob, "$typeName" | "$unknown">>;

/** Most jobs that BatchCreateJobs takes. */
const BATCH_JOBS = 1000;
/** Room in a message for what is around the jobs, and in it around each. */
const ENVELOPE_BYTES = 1024;
/** Pauses before a batch whose answer was lost is sent again, in milliseconds; after them it is given up. */
const PAUSES_MS = [200, 1_000, 3_000, 10_000];

/**
 * Creates a job for each line of a JSONL file and prints the ids as they come. Each batch has a request id,
 * so that none is created twice, also when the command is repeated with the same `requestId`.
 */
export async function submitLines(
  { system, jobs }: ServiceClient,
  path: string,
  fields: JobFields,
  { requestId = randomUUID(), json = false }: { requestId?: string; json?: boolean },
): Promise<void> {
  const { limits } = await system.getInfo({});
  const progress = await showProgress(path, "jobs");
  const ids: string[] = [];
  let sent = 0;
  let complete = false;
  try {
    for await (const batch of batchesOf(path, fields, limits?.maxMessageBytes ?? 4_194_304)) {
      const created = await send(batch);
      sent++;
      progress.read(batch.bytes);
      progress.sent(created.length);
      ids.push(...created);
      // Beside the bar the ids would be torn.
      if (!json && !process.stderr.isTTY) print(created.join("\n"));
    }
    complete = true;
  } finally {
    progress.stop();
    if (json) printJson({ ids, complete });
    else if (process.stderr.isTTY && ids.length > 0) print(ids.join("\n"));
    if (!complete && ids.length > 0)
      note(
        `note: ${ids.length} jobs were created; with --request-id ${requestId} they are not created again`,
      );
  }
  note(`created ${ids.length} jobs`);

  async function send({ jobs: items, firstLine, lastLine }: Batch): Promise<string[]> {
    const request = { jobs: items, requestId: `${requestId}/${sent}` };
    for (let failures = 0; ; ) {
      try {
        const answer = await jobs.batchCreateJobs(request);
        return answer.jobs.map(({ id }) => id);
      } catch (error) {
        const pause = PAUSES_MS[failures++];
        if (pause !== undefined && sent > 0 && isTransient(error)) {
          note(`note: the connection broke; sending again in ${pause / 1000} s`);
          await sleep(pause);
          continue;
        }
        if (ids.length > 0 || lastLine > 1) note(`note: this is about lines ${firstLine} to ${lastLine}`);
        throw error;
      }
    }
  }
}

/** Jobs for one call of BatchCreateJobs. */
interface Batch {
  jobs: JobFields[];
  /** Line of the file that the first of them stands in. */
  firstLine: number;
  lastLine: number;
  /** Bytes of the file that it took. */
  bytes: number;
}

/** The jobs of a JSONL file of payloads, in batches as large as the service takes them. */
async function* batchesOf(path: string, fields: JobFields, maxBytes: number): AsyncGenerator<Batch> {
  let batch: Batch | undefined;
  let size = 0;
  for await (const { payload, line, bytes } of readPayloads(path)) {
    const job = { ...fields, payloadJson: payload };
    const jobSize = toBinary(NewJobSchema, create(NewJobSchema, job)).length + 8;
    const full = batch?.jobs.length === BATCH_JOBS || size + jobSize + ENVELOPE_BYTES > maxBytes;
    if (batch !== undefined && full) {
      yield batch;
      batch = undefined;
      size = 0;
    }
    batch ??= { jobs: [], firstLine: line, lastLine: line, bytes: 0 };
    batch.jobs.push(job);
    batch.lastLine = line;
    batch.bytes += bytes;
    size += jobSize;
  }
  if (batch !== undefined) yield batch;
}
