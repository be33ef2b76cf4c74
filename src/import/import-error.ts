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

/**
 * A log, or a record of it, cannot be imported. The message names the place, the actual and the expected
 * content. Where a single record is at fault, readers return the error in its place, and read on.
 */
export class ImportError extends Error {
  readonly place: Place;

  constructor(place: Place, problem: string, options: ErrorOptions = {}) {
    super(`${describe(place)}: ${problem}`, options);
    this.name = "ImportError";
    this.place = place;
  }
}

/** Returns what `read` returns, or the {@link ImportError} that it throws. */
export function tryRead<T>(read: () => T): T | ImportError {
  try {
    return read();
  } catch (error) {
    if (error instanceof ImportError) return error;
    throw error;
  }
}

/** Returns a value that was read. @throws {ImportError} the error that stands in its place */
export function requireRead<T>(read: T | ImportError): T {
  if (read instanceof ImportError) throw read;
  return read;
}

function describe({ file, entry, record, line, field }: Place): string {
  const steps = Object.entries({ entry, record, line, field }).filter(([, step]) => step !== undefined);
  return [file, ...steps.map(([name, step]) => `${name} ${step}`)].join(", ");
}
