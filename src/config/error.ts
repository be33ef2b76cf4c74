/** One wrong setting: its name as the reader wrote it, what was expected and what was got. */
export interface Problem {
  name: string;
  message: string;
}

/** The configuration is wrong; every problem is listed, secrets are not shown. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(
      ["The configuration is wrong:", ...problems.map(({ name, message }) => `  ${name}: ${message}`)].join(
        "\n",
      ),
    );
    this.problems = problems;
  }
}
