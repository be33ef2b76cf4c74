import { z } from "zod";
import { jsonSize } from "../../database/statement/page.ts";
import { columnsOf, type Fragment, sql } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { parseInput, whole } from "../../validation.ts";
import { evaluationRow, previewRow } from "../rows.ts";

/** Which fields of evaluations are read; by default all but input, output, expected and metadata. */
export interface ViewOptions {
  /** True: all. Default: false. */
  full?: boolean;
  /** So many characters of input, output and expected are read, 1 to 1000, unless `full`. Default: none. */
  previewChars?: number;
}

const viewOptions = z.object({
  full: z.boolean().default(false),
  previewChars: whole(1, limits.previewChars).optional(),
});

export function parseView({ full, previewChars }: ViewOptions) {
  return parseInput(viewOptions, { full, previewChars });
}

/** The columns of a page's rows `r`, and about how large one is. */
export interface View {
  columns: Fragment;
  size: Fragment;
}

const briefSize = sql.fragment`
  800 + coalesce(octet_length(r.error), 0) + ${jsonSize(sql.fragment`r.metrics`)}`;

const fullSize = sql.fragment`
  ${briefSize} + octet_length(r.input) + coalesce(octet_length(r.output), 0)
    + coalesce(octet_length(r.expected), 0) + ${jsonSize(sql.fragment`r.metadata`)}`;

/** Large texts are read only if they are asked for. */
export const pageViews: Record<"full" | "brief", View> = {
  full: { columns: columnsOf(evaluationRow, "r"), size: fullSize },
  brief: {
    columns: columnsOf(evaluationRow, "r", {
      input: sql.fragment`null::text`,
      output: sql.fragment`null::text`,
      expected: sql.fragment`null::text`,
      metadata: sql.fragment`null::text`,
    }),
    size: briefSize,
  },
};

/**
 * The same with the first characters of texts. PostgreSQL fetches no more of a large one than these take at
 * most, and knows its bytes, unlike its characters, without fetching it.
 */
export function previewOf(characters: number): View {
  const start = (name: string) => sql.fragment`left(${sql.identifier(["r", name])}, ${characters}::integer)`;
  const most = (name: string) =>
    sql.fragment`least(coalesce(octet_length(${sql.identifier(["r", name])}), 0), 4 * ${characters}::integer)`;
  return {
    columns: columnsOf(previewRow, "r", {
      input: start("input"),
      output: start("output"),
      expected: start("expected"),
      metadata: sql.fragment`null::text`,
      inputBytes: sql.fragment`octet_length(r.input)`,
      outputBytes: sql.fragment`octet_length(r.output)`,
      expectedBytes: sql.fragment`octet_length(r.expected)`,
    }),
    size: sql.fragment`${briefSize} + ${most("input")} + ${most("output")} + ${most("expected")}`,
  };
}
