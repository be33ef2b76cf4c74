import { cutText } from "../../../src/text.ts";

/** A point that has a name, in pixels. */
interface Named {
  x: number;
  y: number;
  name: string;
}

/** Where the name of a point stands, whole or begun. */
export interface Label {
  text: string;
  x: number;
  /** The foot of its letters. */
  y: number;
  anchor: "start" | "end";
}

/** A chart within its axes, in pixels. */
interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** About how wide a character of a label is, how high a line, and how far it stands from its point. */
const [character, line, gap] = [6.5, 14, 9];

/** A shorter beginning of a name tells nothing. */
const fewest = 8;

/**
 * Places names beside their points, at the right or left of each and above or below it, so that none covers
 * another or a point. Those that come first have the choice; where no place is left, a name is undefined.
 */
export function placeLabels(named: readonly Named[], points: readonly Omit<Named, "name">[], area: Area) {
  const taken: Area[] = points.map(({ x, y }) => ({ left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 }));
  return named.map((point): Label | undefined => {
    for (const { label, box } of placesOf(point, area)) {
      if (box.top < area.top || box.bottom > area.bottom || taken.some((other) => meet(box, other))) continue;
      taken.push(box);
      return label;
    }
    return undefined;
  });
}

/** The places of a name, the better ones first: whole before cut, above before below. */
function placesOf({ x, y, name }: Named, area: Area): { label: Label; box: Area }[] {
  const places = (["start", "end"] as const).flatMap((anchor) => {
    const room = Math.floor(((anchor === "start" ? area.right - x : x - area.left) - gap) / character);
    const text = name.length > room ? `${cutText(name, room - 1)}…` : name;
    if (room < Math.min(fewest, name.length)) return [];
    const [from, to] = [x + gap, x + gap + text.length * character];
    const [left, right] = anchor === "start" ? [from, to] : [2 * x - to, 2 * x - from];
    return [-7, 16].map((below) => ({
      label: { text, x: anchor === "start" ? x + gap : x - gap, y: y + below, anchor },
      box: { left, right, top: y + below - line + 3, bottom: y + below + 3 },
    }));
  });
  return places.toSorted((a, b) => Number(a.label.text !== name) - Number(b.label.text !== name));
}

function meet(one: Area, other: Area): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
