/** `regression` is for a command that is asked to tell one: its own failure is no finding about a model. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, regression: 3 } as const;

/** Something that went wrong in a command itself. The message is for the person at the terminal. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** As gRPC spells it. */
  readonly code: string;

  constructor(
    message: string,
    { code = "FAILED_PRECONDITION", cause }: { code?: string; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
  }
}

/** The command was called wrongly: exit code 2. */
export class UsageError extends CliError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "INVALID_ARGUMENT", cause });
  }
}

/** Throws where the service left out what its answer always has. */
export function requireAnswer<Value>(value: Value | undefined, what: string): asserts value is Value {
  if (value === undefined)
    throw new CliError(`the service answered without the ${what}`, { code: "INTERNAL" });
}
