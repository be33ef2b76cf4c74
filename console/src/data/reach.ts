import { useSyncExternalStore } from "react";

// Whether the service answers at all, as the latest call learned. Where it does not, the page keeps what it
// has.

const lookEvery = 1_000;

let silentSince: number | undefined;
let looking: Promise<void> | undefined;
const listeners = new Set<() => void>();

/** Since when the service has not answered, in milliseconds since 1970; undefined: it does. */
export function useSilentSince(): number | undefined {
  return useSyncExternalStore(subscribe, () => silentSince);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function note(since: number | undefined): void {
  if (silentSince === since) return;
  silentSince = since;
  for (const listener of listeners) listener();
}

/** Notes that the service answered a call, whatever it said. */
export const noteAnswer = (): void => note(undefined);

/** Notes that a call met nobody. The service is then looked for until it answers. */
export function noteSilence(): void {
  note(silentSince ?? Date.now());
  void answers();
}

/** Resolves once the service answers, which it is asked again and again while the tab is seen. */
export function answers(): Promise<void> {
  looking ??= look().finally(() => {
    looking = undefined;
  });
  return looking;
}

async function look(): Promise<void> {
  while (document.visibilityState === "hidden" || !(await isAnswering()))
    await new Promise((resolve) => setTimeout(resolve, lookEvery));
  noteAnswer();
}

const isAnswering = (): Promise<boolean> =>
  fetch("/console/config").then(
    ({ ok }) => ok,
    () => {
      note(silentSince ?? Date.now());
      return false;
    },
  );
