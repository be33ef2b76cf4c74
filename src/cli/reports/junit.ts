import { makePrintable } from "../../text.ts";
import type { Report } from "./report.ts";

/**
 * Writes a comparison as JUnit XML, as the test reports of most services for continuous integration read it:
 * a suite for each candidate, with a case for whatever may be asked of it.
 */
export function toJunit({ metric, baseline, candidates, warningsWith }: Report): string {
  const warnings = warningsWith().map((warning) => `warning: ${warning}`);
  const suites = candidates.map(({ name, demands, evidence }) => {
    const cases = demands.map(({ name: demand, failure }) => {
      const attributes = `classname=${quoted(`${metric} of ${name}`)} name=${quoted(demand)}`;
      if (failure === undefined) return `    <testcase ${attributes}/>`;
      return `    <testcase ${attributes}>\n      <failure message=${quoted(failure)}/>\n    </testcase>`;
    });
    const failures = demands.filter(({ failure }) => failure !== undefined).length;
    const counts = `tests="${demands.length}" failures="${failures}"`;
    const output = `    <system-out>${escapeXml([...warnings, ...evidence].join("\n"))}</system-out>`;
    const title = quoted(`${name} against ${baseline}`);
    return [`  <testsuite name=${title} ${counts}>`, ...cases, output, "  </testsuite>"].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("\n")}\n</testsuites>\n`;
}

const quoted = (text: string) => `"${escapeXml(text)}"`;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/**
 * XML 1.0, 2.2: most control characters, lone surrogates and two characters more may not stand in a document
 * at all. Others change the order in which text is shown.
 */
function escapeXml(text: string): string {
  return makePrintable(text.toWellFormed())
    .replaceAll(/[&<>"]/g, (character) => entities[character] ?? character)
    .replaceAll(/[\u{fffe}\u{ffff}]/gu, "\u{fffd}");
}
