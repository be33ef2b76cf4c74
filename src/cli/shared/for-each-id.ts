import { describeError, isTransient, showError } from "./describe-error.ts";
import { print, printJson } from "./output.ts";

/**
 * Runs an action for each id, and prints `done(id)` for each, or with --json what the actions returned, as
 * `field`. A failure is reported on stderr and does not stop the others; the exit code is 1 then.
 * @throws the error of a call that did not reach the service
 */
export async function forEachId(
  ids: readonly string[],
  { json = false }: { json?: boolean },
  {
    field,
    work,
    done,
  }: { field: string; work: (id: string) => Promise<unknown>; done: (id: string) => string },
): Promise<void> {
  const results: unknown[] = [];
  for (const id of new Set(ids)) {
    try {
      results.push(await work(id));
      if (!json) print(done(id));
    } catch (error) {
      if (isTransient(error)) throw error;
      process.exitCode = 1;
      showError(describeError(error), { json, cause: error });
    }
  }
  if (json) printJson({ [field]: results });
}
