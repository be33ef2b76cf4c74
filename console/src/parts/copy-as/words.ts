type Value = string | readonly string[] | boolean | undefined;

/**
 * The words of a command line: `ltbWords("job list", { status: "failed" })` is job, list, --status, failed.
 * Options without a value are left out. Arguments come last, behind `--` where one could be an option.
 */
export function ltbWords(
  command: string,
  options: Readonly<Record<string, Value>> = {},
  args: readonly string[] = [],
): string[] {
  const given = Object.entries(options).flatMap(([name, value]) => {
    if (value === true) return [`--${name}`];
    const values = typeof value === "string" ? [value] : typeof value === "object" ? value : [];
    return values.filter((each) => each !== "").flatMap((each) => [`--${name}`, each]);
  });
  const end = args.some((each) => each.startsWith("-")) ? ["--"] : [];
  return [...command.split(" "), ...given, ...end, ...args];
}

/** The word that an option has for a value of an enum: "as_worst"; undefined for 0, which stands for none. */
export function optionOf(values: Readonly<Record<string, number>>, value = 0): string | undefined {
  const named = Object.entries(values).find(([, each]) => each === value && each !== 0);
  return named?.[0].toLowerCase();
}
