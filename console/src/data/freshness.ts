import type { Query } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { followed } from "./live.ts";
import { queryClient } from "./queries.ts";

// How old what a page shows is. A stream says something every 15 s, so one that is silent for longer may have
// broken without a word.

const longestSilence = 20_000;

/** What lags behind for less time is not told: a call that fails is tried again at once. */
const toldFrom = 5_000;

export interface Freshness {
  /** How long ago, in whole seconds, what is shown was so. Undefined: nothing has been heard yet */
  seconds: number | undefined;
  /** Some of it is not kept up to date: its stream broke, or to ask for it anew failed. */
  isBehind: boolean;
}

/** How old what the page shows is: its oldest part that lags behind, or else the last that was heard. */
function freshnessAt(now: number): Freshness {
  const shown = queryClient.getQueryCache().findAll({ type: "active", predicate: hasData });
  const behind = [
    ...shown.filter(isFailing).map(({ state }) => state.dataUpdatedAt),
    ...[...followed].filter((stream) => lags(stream, now)).map(({ heardAt }) => heardAt),
  ].filter((at) => now - at >= toldFrom);
  const heard = [
    ...shown.map(({ state }) => state.dataUpdatedAt),
    ...[...followed].map(({ heardAt }) => heardAt),
  ];
  const isBehind = behind.length > 0;
  const at = isBehind ? Math.min(...behind) : Math.max(...heard);
  return { seconds: Number.isFinite(at) ? Math.max(0, Math.floor((now - at) / 1_000)) : undefined, isBehind };
}

const hasData = ({ state }: Query): boolean => state.data !== undefined;
const isFailing = ({ state }: Query): boolean => state.status === "error" || state.fetchFailureCount > 0;
const lags = ({ heardAt, isBroken }: { heardAt: number; isBroken: boolean }, now: number): boolean =>
  isBroken || now - heardAt > longestSilence;

let latest: Freshness = { seconds: undefined, isBehind: false };

function subscribe(listener: () => void): () => void {
  const timer = window.setInterval(listener, 1_000);
  return () => window.clearInterval(timer);
}

function look(): Freshness {
  const found = freshnessAt(Date.now());
  if (found.seconds !== latest.seconds || found.isBehind !== latest.isBehind) latest = found;
  return latest;
}

/** How old what the page shows is, looked up every second. */
export function useFreshness(): Freshness {
  return useSyncExternalStore(subscribe, look);
}
