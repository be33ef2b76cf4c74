import { create, fromJson, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type {
  StreamEvaluationsIssue,
  StreamEvaluationsRequestSchema,
} from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationOutcome, NewEvaluationSchema } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { ImportError } from "../../import/import-error.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "../../import/types.ts";
import { messageOf } from "../../thrown.ts";
import { type BenchmarkClient, noDeadline } from "../shared/client.ts";

/** A message is sent when it holds this many rows or about this many bytes. */
const MESSAGE_ROWS = 200;
const MESSAGE_BYTES = 512 * 1024;
/** Room in a message for what is around a row. */
const ENVELOPE_BYTES = 1024;
/** Records that cannot be read are told one by one up to this many. */
const TOLD_RECORDS = 20;

type NewEvaluation = MessageInitShape<typeof NewEvaluationSchema>;

/** An evaluation that was not stored, and why. */
export interface UploadIssue {
  /** Empty for a record that cannot be read. */
  sampleId: string;
  outcome: "conflict" | "rejected" | "unreadable";
  /** The field at fault; empty for a conflict, and where it is not a field. */
  field: string;
  /** Of a record that cannot be read, it begins with its place in the log. */
  reason: string;
}

/** The outcomes of the evaluations read. received = inserted + duplicates + conflicts + rejected. */
export interface Upload {
  received: number;
  inserted: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  /** Records of the log that cannot be read, which are not among those received. */
  unreadable: number;
  /** The first of them. */
  issues: UploadIssue[];
  /** The error that ended the reading of `evaluations`; those before it are stored. */
  failure?: unknown;
}

export interface UploadOptions {
  /** Largest message that the service takes, in bytes. */
  maxMessageBytes: number;
  /** Ends the upload early; what was sent is stored. */
  signal?: AbortSignal;
  /** Called for every message that was sent, with its number of rows. */
  onSent?: (rows: number) => void;
}

/**
 * Sends evaluations through StreamEvaluations, no faster than the service stores them. When reading them
 * fails, the stream is ended in order, so that all that was read is stored and counted.
 * @throws ConnectError where the call fails
 */
export async function uploadEvaluations(
  client: BenchmarkClient,
  benchmarkId: string,
  evaluations: ImportedBenchmark["evaluations"],
  { maxMessageBytes, signal, onSent }: UploadOptions,
): Promise<Upload> {
  const refused: UploadIssue[] = [];
  const bad: UploadIssue[] = [];
  let unreadable = 0;
  let failure: unknown;
  async function* messages(): AsyncGenerator<MessageInitShape<typeof StreamEvaluationsRequestSchema>> {
    let rows: NewEvaluation[] = [];
    let bytes = 0;
    const message = () => {
      const sent = rows;
      onSent?.(sent.length);
      rows = [];
      bytes = 0;
      return { benchmarkId, evaluations: sent };
    };
    try {
      for await (const evaluation of evaluations) {
        signal?.throwIfAborted();
        if (evaluation instanceof ImportError) {
          const { message: reason, place } = evaluation;
          if (unreadable++ < TOLD_RECORDS)
            bad.push({ sampleId: "", outcome: "unreadable", field: place.field ?? "", reason });
          continue;
        }
        const encoded = encode(evaluation, maxMessageBytes);
        if (typeof encoded === "string") {
          const { sampleId } = evaluation;
          refused.push({ sampleId, outcome: "rejected", field: "", reason: encoded });
          continue;
        }
        const { row, size } = encoded;
        if (rows.length >= MESSAGE_ROWS || (rows.length > 0 && bytes + size > MESSAGE_BYTES)) yield message();
        rows.push(row);
        bytes += size;
      }
    } catch (error) {
      failure = error;
    }
    if (rows.length > 0) yield message();
  }
  const answer = await client.streamEvaluations(messages(), noDeadline);
  const { inserted, duplicates, conflicts } = answer;
  return {
    received: answer.received + refused.length,
    inserted,
    duplicates,
    conflicts,
    rejected: answer.rejected + refused.length,
    unreadable,
    issues: [...bad, ...answer.issues.map(issueOf), ...refused],
    ...(failure !== undefined && { failure }),
  };
}

function issueOf({ sampleId, outcome, field, reason }: StreamEvaluationsIssue): UploadIssue {
  const told = outcome === EvaluationOutcome.CONFLICT ? "conflict" : "rejected";
  return { sampleId, outcome: told, field, reason };
}

/** Makes a row of a message, or says why no message can hold it. */
function encode(
  evaluation: ImportedEvaluation,
  maxMessageBytes: number,
): { row: NewEvaluation; size: number } | string {
  try {
    const row = newEvaluation(evaluation);
    const size = sizeOf(row, maxMessageBytes);
    if (size + ENVELOPE_BYTES <= maxMessageBytes) return { row, size };
    return `takes ${size} bytes; the service takes messages of at most ${maxMessageBytes} bytes (LTB_MAX_MESSAGE_BYTES)`;
  } catch (error) {
    return messageOf(error);
  }
}

function newEvaluation({ createdAt, metrics, metadata, ...evaluation }: ImportedEvaluation): NewEvaluation {
  return {
    ...evaluation,
    ...(metrics !== undefined && { metricsJson: JSON.stringify(metrics) }),
    ...(metadata !== undefined && { metadataJson: JSON.stringify(metadata) }),
    ...(createdAt !== undefined && { createdAt: fromJson(TimestampSchema, createdAt) }),
  };
}

/** Bytes that a row takes, roughly; exact where it comes near the limit of a message. */
function sizeOf(row: NewEvaluation, maxMessageBytes: number): number {
  const { input, output, expected, error, metricsJson, metadataJson } = row;
  const texts = [input, output, expected, error, metricsJson, metadataJson];
  const characters = texts.reduce((sum, text = "") => sum + text.length, 0);
  // A character takes up to three bytes.
  if (characters * 3 + ENVELOPE_BYTES < maxMessageBytes) return characters;
  return toBinary(NewEvaluationSchema, create(NewEvaluationSchema, row)).length;
}
