import { renderToStaticMarkup } from "react-dom/server.edge";
import type { Page } from "../../../src/cli/html/document.ts";
import { Document } from "./Document.tsx";

/**
 * A page as HTML that needs nothing else: no script, no other file, nothing from the network, which its
 * policy forbids besides. It follows the reader's choice of light or dark, and prints.
 */
export function pageText(page: Page): string {
  return `<!doctype html>\n${visible(renderToStaticMarkup(<Document page={page} />))}\n`;
}

/** Shows as � what no document may hold, and what turns the direction of reading. */
function visible(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, "�");
}
