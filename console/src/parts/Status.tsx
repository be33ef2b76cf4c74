import type { DescEnum } from "@bufbuild/protobuf";
import { type BenchmarkStatus, BenchmarkStatusSchema } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { type JobStatus, JobStatusSchema } from "../../../gen/ltb/v1/job_pb.ts";
import {
  type HealthStatus,
  HealthStatusSchema,
  type WorkerStatus,
  WorkerStatusSchema,
} from "../../../gen/ltb/v1/worker_pb.ts";

export type Tone = "good" | "bad" | "warn" | "busy" | "even";

/** A state in words, with its colour. */
export function Status({ tone, children }: { tone: Tone; children: string }) {
  return <span className={`status ${tone}`}>{children}</span>;
}

const tones: Record<string, Tone> = {
  RUNNING: "busy",
  BUSY: "busy",
  COMPLETED: "good",
  HEALTHY: "good",
  IDLE: "good",
  FAILED: "bad",
  UNHEALTHY: "bad",
  OFFLINE: "bad",
  DEGRADED: "warn",
  DRAINING: "warn",
};

/** The word of an enum's value: `wordOf(JobStatusSchema, JobStatus.FAILED)` is "failed". */
export function wordOf(schema: DescEnum, value: number): string {
  return (schema.value[value]?.localName ?? `unknown (${value})`).toLowerCase().replaceAll("_", " ");
}

function state(schema: DescEnum, value: number) {
  const word = wordOf(schema, value);
  return <Status tone={tones[word.toUpperCase()] ?? "even"}>{word}</Status>;
}

export const BenchmarkState = ({ status }: { status: BenchmarkStatus }) =>
  state(BenchmarkStatusSchema, status);
export const JobState = ({ status }: { status: JobStatus }) => state(JobStatusSchema, status);
export const WorkerState = ({ status }: { status: WorkerStatus }) => state(WorkerStatusSchema, status);
export const HealthState = ({ status }: { status: HealthStatus }) => state(HealthStatusSchema, status);
