import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { transportLimits } from "../../limits.ts";
import { requestTooHeavy } from "./errors.ts";

/**
 * The content of a message's fields, by number: messages (lists of them, entries of maps), other lists, or
 * one value. A number that is missing is an unknown field, which decoding keeps.
 */
type Shape = ReadonlyMap<number, Shape | "list" | "value">;

const shapes = new WeakMap<DescMessage, Shape>();

/** An element costs a hundred times its two bytes in memory, so as many as bytes allow would be 2 million. */
const mostElements = (maxMessageBytes: number) => Math.floor(maxMessageBytes / transportLimits.elementBytes);

/** A request of no more bytes, in either format, cannot have too many elements. */
export function lightBytes(maxMessageBytes: number): number {
  return 2 * mostElements(maxMessageBytes);
}

/**
 * Refuses a request in the binary format whose decoding would cost too much, before it is decoded: it counts
 * messages, items of lists, entries of maps, values of JSON documents and unknown fields. The decoder refuses
 * what is malformed.
 * @throws RESOURCE_EXHAUSTED
 */
export function weighBinary(type: DescMessage, bytes: Uint8Array, maxMessageBytes: number): void {
  const most = mostElements(maxMessageBytes);
  if (bytes.length > lightBytes(maxMessageBytes) && new Scale(bytes, most).exceeds(shapeOf(type)))
    throw requestTooHeavy(most);
}

/** Does the same for a request in JSON, where each element comes with about two of the characters `{[,`. */
export function weighJson(bytes: Uint8Array, maxMessageBytes: number): void {
  const most = mostElements(maxMessageBytes);
  if (bytes.length <= lightBytes(maxMessageBytes)) return;
  let marks = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at);
    else if ((byte === comma || byte === brace || byte === bracket) && ++marks > 2 * most)
      throw requestTooHeavy(most);
  }
}

const [quote, backslash, comma, brace, bracket] = [0x22, 0x5c, 0x2c, 0x7b, 0x5b];

/** The place of the quote that ends the string which begins at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let end = bytes.indexOf(quote, start + 1); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return bytes.length;
}

/** Counts elements as it reads tags and lengths (https://protobuf.dev/programming-guides/encoding/). */
class Scale {
  readonly #bytes: Uint8Array;
  #at = 0;
  #left: number;

  constructor(bytes: Uint8Array, most: number) {
    this.#bytes = bytes;
    this.#left = most;
  }

  exceeds(shape: Shape): boolean {
    this.#read(shape, this.#bytes.length, 0);
    return this.#left < 0;
  }

  #read(shape: Shape, end: number, depth: number): void {
    while (this.#at < end && this.#left >= 0) {
      const tag = this.#varint();
      const field = shape.get(tag >>> 3);
      if (field !== "value") this.#left--;
      switch (tag & 7) {
        case 0:
          this.#varint();
          break;
        case 1:
          this.#at += 8;
          break;
        case 2: {
          const next = this.#varint() + this.#at;
          // Decoding ends at this depth.
          if (typeof field === "object" && depth < transportLimits.messageDepth)
            this.#read(field, Math.min(next, end), depth + 1);
          this.#at = next;
          break;
        }
        case 5:
          this.#at += 4;
          break;
        default:
        // The begin or end of a group, whose fields are counted as if they were the message's own.
      }
    }
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }
}

function shapeOf(type: DescMessage): Shape {
  const known = shapes.get(type);
  if (known) return known;
  const shape = new Map<number, Shape | "list" | "value">();
  // Noted before its fields are, because types may hold themselves.
  shapes.set(type, shape);
  for (const field of type.fields) shape.set(field.number, contentOf(field));
  return shape;
}

function contentOf(field: DescField): Shape | "list" | "value" {
  const message = field.message && shapeOf(field.message);
  switch (field.fieldKind) {
    case "map":
      return new Map<number, Shape | "value">([
        [1, "value"],
        [2, message ?? "value"],
      ]);
    case "list":
      return message ?? "list";
    default:
      return message ?? "value";
  }
}
