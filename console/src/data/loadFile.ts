import { answers } from "./reach.ts";

/**
 * Loads a file of the console. It waits for a service that does not answer, as a reload would leave nothing
 * of the page. A file that is gone was replaced by a newer console, which a reload brings.
 */
export function loadFile<File>(load: () => Promise<File>): Promise<File> {
  return load()
    .catch(() => answers().then(load))
    .catch(() => {
      window.location.reload();
      return new Promise<never>(() => {});
    });
}
