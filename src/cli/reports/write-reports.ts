import { note } from "../shared/output.ts";
import { writeToFile } from "../transfer/write-text.ts";
import { toJunit } from "./junit.ts";
import { toMarkdown } from "./markdown.ts";
import type { Report } from "./report.ts";

/** The files to write; those that are there are replaced. */
export interface ReportFiles {
  markdown?: string;
  junit?: string;
}

export async function writeReports(report: Report, { markdown, junit }: ReportFiles): Promise<void> {
  if (markdown !== undefined) await writeReport(markdown, toMarkdown(report));
  if (junit !== undefined) await writeReport(junit, toJunit(report));
}

async function writeReport(path: string, text: string): Promise<void> {
  await writeToFile(path, [text]);
  note(`wrote ${path}`);
}
