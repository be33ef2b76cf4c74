import { describeError, isTransient, showError } from "./describe-error.ts";

/**
 * Runs an action for each id. A failure is reported on stderr and does not stop the others; the exit code is
 * 1 then.
 * @throws the error of a call that did not reach the service
 */
export async function forEachId<Result>(
  ids: readonly string[],
  { json = false }: { json?: boolean },
  work: (id: string) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const id of new Set(ids)) {
    try {
      results.push(await work(id));
    } catch (error) {
      if (isTransient(error)) throw error;
      process.exitCode = 1;
      showError(describeError(error), { json, cause: error });
    }
  }
  return results;
}
