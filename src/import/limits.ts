import { limits } from "../limits.ts";

/** Bounds that keep a hostile or broken log from exhausting memory or time. */
export interface ImportLimits {
  /** A line, or an element of a JSON array, in bytes. */
  maxRecordBytes: number;
  /** A file that is read whole, or one entry of a ZIP file once inflated, in bytes. */
  maxFileBytes: number;
  /** Entries of a ZIP file. */
  maxEntries: number;
  /** Ratio of a ZIP file's inflated size to its own, from 64 MiB inflated on. */
  maxRatio: number;
  /** Levels of nesting, of which our own export has two around the values that the service stores. */
  maxDepth: number;
}

const MIB = 1024 * 1024;

export const defaultLimits: ImportLimits = {
  maxRecordBytes: 16 * MIB,
  maxFileBytes: 64 * MIB,
  maxEntries: 1_000_000,
  maxRatio: 200,
  maxDepth: limits.jsonDepth + 2,
};

/** The service's limits; see `NewEvaluation` and `CreateBenchmarkRequest`. */
export const fieldLimits = {
  sampleIdChars: 255,
  nameChars: 255,
  providerChars: 100,
  textBytes: 2 * MIB,
  errorBytes: 64 * 1024,
  jsonBytes: MIB,
  int32: 2 ** 31 - 1,
};
