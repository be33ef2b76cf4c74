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

/** How high a line of a label is, and how far it stands from its point. */
const [line, gap] = [14, 9];

/** A shorter beginning of a name tells nothing. */
const least = 52;

/** What stands at the end of a name that is only begun. */
const cut = "…";

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
    const room = (anchor === "start" ? area.right - x : x - area.left) - gap;
    if (room < Math.min(least, widthOf(name))) return [];
    const text = fit(name, room);
    const [from, to] = [x + gap, x + gap + widthOf(text)];
    const [left, right] = anchor === "start" ? [from, to] : [2 * x - to, 2 * x - from];
    return [-7, 16].map((below) => ({
      label: { text, x: anchor === "start" ? x + gap : x - gap, y: y + below, anchor },
      box: { left, right, top: y + below - line + 3, bottom: y + below + 3 },
    }));
  });
  return places.toSorted((a, b) => Number(a.label.text !== name) - Number(b.label.text !== name));
}

/** A name, or as much of it as there is room for. */
function fit(name: string, room: number): string {
  if (widthOf(name) <= room) return name;
  let [begun, width] = ["", widthOf(cut)];
  for (const character of name) {
    width += widthOf(character);
    if (width > room) break;
    begun += character;
  }
  return begun + cut;
}

// The letters and signs of East Asia are as wide as they are high, as is that of a cut; emoji are wider.
const emoji = /[\p{Emoji_Presentation}\p{Extended_Pictographic}]/u;
const wide = /[…\p{Script=Han}\p{Script=Hangul}\u3000-\u31ff\uff00-\uff60]/u;

/** About how wide the text of a label is, in pixels. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += emoji.test(character) ? 15 : wide.test(character) ? 12 : 6.5;
  return width;
}

function meet(one: Area, other: Area): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
