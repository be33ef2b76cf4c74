/** What something takes, of which less is better, and what it is worth. */
export interface Offer {
  takes: number;
  worth: number;
}

/**
 * The offers that no other beats: that takes no more and is worth no less, and one of them truly (the Pareto
 * frontier). Equal ones are on it together.
 */
export function frontierOf<One extends Offer>(offers: readonly One[]): Set<One> {
  const found = new Set<One>();
  let best = Number.NEGATIVE_INFINITY;
  let bestTakes = Number.NaN;
  const ordered = offers.toSorted((a, b) => a.takes - b.takes || b.worth - a.worth);
  for (const offer of ordered) {
    if (offer.worth > best || (offer.worth === best && offer.takes === bestTakes)) {
      found.add(offer);
      best = offer.worth;
      bestTakes = offer.takes;
    }
  }
  return found;
}
