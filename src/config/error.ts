/** One wrong setting: its name as the user wrote it, and a message with the expected and the actual value. */
export interface Problem {
  name: string;
  message: string;
}

/** The configuration is wrong. Every problem is listed, without secrets. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ name, message }) => `  ${name}: ${message}`);
    super(["The configuration is wrong:", ...lines].join("\n"));
    this.problems = problems;
  }
}
