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

function describe({ file, entry, record, line, field }: Place): string {
  const steps = Object.entries({ entry, record, line, field }).filter(([, step]) => step !== undefined);
  return [file, ...steps.map(([name, step]) => `${name} ${step}`)].join(", ");
}
