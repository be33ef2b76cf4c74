/** A place in a log. */
export interface Place {
  file: string;
  /** Name of an entry within a ZIP file. */
  entry?: string;
  /** From 1. */
  line?: number;
  /** Index from 0 of an element of an array. */
  record?: number;
  /** Path of a field, for example `scores.match.value`. */
  field?: string;
}

/** A log cannot be imported. The message names the place, the actual and the expected content. */
export class ImportError extends Error {
  readonly place: Place;

  constructor(place: Place, problem: string, options: ErrorOptions = {}) {
    super(`${describe(place)}: ${problem}`, options);
    this.name = "ImportError";
    this.place = place;
  }
}

function describe({ file, entry, line, record, field }: Place): string {
  const parts = [file];
  if (entry !== undefined) parts.push(`entry ${entry}`);
  if (record !== undefined) parts.push(`record ${record}`);
  if (line !== undefined) parts.push(`line ${line}`);
  if (field !== undefined) parts.push(`field ${field}`);
  return parts.join(", ");
}
