import { create, fromJson, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type {
  StreamEvaluationsIssue,
  StreamEvaluationsRequestSchema,
} from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationOutcome, NewEvaluationSchema } from "../../../gen/ltb/v1/evaluation_pb.ts";
import type { ImportedEvaluation } from "../../import/types.ts";
import { type BenchmarkClient, noDeadline } from "../shared/client.ts";

/** A message is sent when it holds this many rows or about this many bytes. */
const MESSAGE_ROWS = 200;
const MESSAGE_BYTES = 512 * 1024;
/** Room in a message for what is around a row. */
const ENVELOPE_BYTES = 1024;

type NewEvaluation = MessageInitShape<typeof NewEvaluationSchema>;

/** An evaluation that was not stored, and why. */
export interface UploadIssue {
  sampleId: string;
  outcome: "conflict" | "rejected";
  /** The field at fault; empty for a conflict. */
  field: string;
  reason: string;
}

/** The outcomes of the evaluations read. received = inserted + duplicates + conflicts + rejected. */
export interface Upload {
  received: number;
  inserted: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
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
  evaluations: AsyncIterable<ImportedEvaluation>,
  { maxMessageBytes, signal, onSent }: UploadOptions,
): Promise<Upload> {
  const tooLarge: UploadIssue[] = [];
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
        const row = newEvaluation(evaluation);
        const size = sizeOf(evaluation, row, maxMessageBytes);
        if (size + ENVELOPE_BYTES > maxMessageBytes) {
          const reason = `takes ${size} bytes; the service takes messages of at most ${maxMessageBytes} bytes (LTB_MAX_MESSAGE_BYTES)`;
          tooLarge.push({ sampleId: evaluation.sampleId, outcome: "rejected", field: "", reason });
          continue;
        }
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
    received: answer.received + tooLarge.length,
    inserted,
    duplicates,
    conflicts,
    rejected: answer.rejected + tooLarge.length,
    issues: [...answer.issues.map(issueOf), ...tooLarge],
    ...(failure !== undefined && { failure }),
  };
}

function issueOf({ sampleId, outcome, field, reason }: StreamEvaluationsIssue): UploadIssue {
  const told = outcome === EvaluationOutcome.CONFLICT ? "conflict" : "rejected";
  return { sampleId, outcome: told, field, reason };
}

function newEvaluation({ createdAt, ...evaluation }: ImportedEvaluation): NewEvaluation {
  if (createdAt === undefined) return evaluation;
  return { ...evaluation, createdAt: fromJson(TimestampSchema, createdAt) };
}

/** Bytes that a row takes, roughly; exact where it comes near the limit of a message. */
function sizeOf(evaluation: ImportedEvaluation, row: NewEvaluation, maxMessageBytes: number): number {
  const { input, output = "", expected = "", error = "", metrics, metadata } = evaluation;
  const texts = [input, output, expected, error, JSON.stringify([metrics, metadata])];
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  // A character takes up to three bytes, a value of a Struct more than its JSON.
  if (characters * 4 + ENVELOPE_BYTES < maxMessageBytes) return characters;
  return toBinary(NewEvaluationSchema, create(NewEvaluationSchema, row)).length;
}
