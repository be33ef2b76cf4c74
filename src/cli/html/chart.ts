import type { Config, Spec } from "vega";
import { escapeText, Html, html, visible } from "./markup.ts";

/** Width of the drawing for phones, in pixels: text that is scaled down cannot be read. */
const NARROW = 300;

const font = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';

/** Colours are the page's variables, so that a chart follows light and dark. */
const config: Config = {
  axis: {
    labelColor: "var(--soft)",
    titleColor: "var(--ink)",
    domainColor: "var(--line)",
    tickColor: "var(--line)",
    gridColor: "var(--line)",
    gridOpacity: 0.6,
    labelFont: font,
    titleFont: font,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 500,
    titlePadding: 8,
    // The figure is one image with one description.
    aria: false,
  },
  title: { font, fontSize: 13, fontWeight: 600, color: "var(--ink)", anchor: "start", aria: false },
  text: { font, fontSize: 12 },
};

type Channels = Record<string, object | string | number>;

/** One mark a row of `data`; a channel that is given as text, number or array is the same for all rows. */
export function mark(type: "line" | "rect" | "rule" | "symbol" | "text", data: string, channels: Channels) {
  const isPlain = (from: Channels[string]) => typeof from !== "object" || Array.isArray(from);
  const entries = Object.entries(channels);
  const enter = Object.fromEntries(
    entries.map(([name, from]) => [name, isPlain(from) ? { value: from } : from]),
  );
  return { type, from: { data }, encode: { enter } };
}

/**
 * The ends of an axis, with some room around the values, but not beyond 0, 1 or -1 where no value is: an
 * axis of shares would show what cannot be.
 */
export function extentOf(values: readonly number[]): [number, number] {
  const [least, most] = values.length === 0 ? [0, 0] : [Math.min(...values), Math.max(...values)];
  // A single point makes no scale.
  const room = least === most ? Math.abs(least) / 2 || 1 : (most - least) / 50;
  const floor = [0, -1].find((end) => least >= end) ?? Number.NEGATIVE_INFINITY;
  const ceiling = most <= 1 ? 1 : Number.POSITIVE_INFINITY;
  return [Math.max(least - room, floor), Math.min(most + room, ceiling)];
}

/** The place of a field's value on the scale `x`. */
export const at = (field: string) => ({ scale: "x", field });

/** The channels of a mark that stands from the top of the drawing to its bottom. */
export const full = { y: 0, y2: { signal: "height" } };

/**
 * A figure of a chart, drawn here by Vega as SVG, wide and narrow.
 * @param width of the wide drawing, in pixels
 * @param draw the chart for a width
 * @param description the chart in words, for those who do not see it
 */
export async function chart(
  title: string,
  description: string,
  width: number,
  draw: (width: number) => Spec,
): Promise<Html> {
  const [wide, narrow] = await Promise.all([render(draw(width)), render(draw(NARROW))]);
  return html`<figure>${labelled(wide, "wide", title, description)}${labelled(narrow, "narrow", title, description)}</figure>`;
}

async function render(spec: Spec): Promise<string> {
  const { parse, View } = await import("vega");
  const fitted: Spec = { ...spec, autosize: { type: "fit", contains: "padding" }, padding: 4 };
  const view = new View(parse(fitted, config), { renderer: "none" });
  try {
    return visible(await view.toSVG());
  } finally {
    view.finalize();
  }
}

let figures = 0;

function labelled(svg: string, size: string, title: string, description: string): Html {
  const id = `figure-${++figures}`;
  const names = `role="img" aria-labelledby="${id} ${id}-text" class="${size}"`;
  const texts = `<title id="${id}">${escapeText(title)}</title><desc id="${id}-text">${escapeText(description)}</desc>`;
  return new Html(
    svg.replace(/^<svg([^>]*?) class="marks"([^>]*)>/, `<svg$1$2 ${names}>${texts.replaceAll("$", "$$$$")}`),
  );
}
