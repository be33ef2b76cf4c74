import { ImportError, type Place } from "./import-error.ts";
import { parseJson } from "./json-text.ts";
import type { ImportLimits } from "./limits.ts";

/** A part of a large JSON document: an element of the array, or a member of an object on the way to it. */
interface JsonPart {
  /** Path of the member, `results.stats`; unset in an array at the root. */
  key?: string;
  /** Index of the element, from 0; unset for a whole member. */
  index?: number;
  /** Line on which it begins, from 1. */
  line: number;
  bytes: Buffer;
}

interface SplitOptions {
  file: string;
  limits: ImportLimits;
  /** Path of the array that is split into elements. The objects on the way to it are split into members. */
  items?: string;
  /** Says by its path and its first byte whether a member is wanted. Others are skipped. Default: all are. */
  wanted?: (key: string, opening: number) => boolean;
}

const LF = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The bytes that may stand before a JSON text: white space and a byte order mark. */
export const insignificant: readonly number[] = [0x20, 0x09, LF, 0x0d, ...BYTE_ORDER_MARK];

type State = "root" | "first" | "next" | "key" | "colon" | "before-value" | "value" | "after" | "done";

/**
 * Cuts a JSON document of any size into its parts, which `JSON.parse` then reads one by one.
 *
 * The streaming JSON libraries neither bound the size of one value nor accept Python's bare `NaN`, and they
 * build every value in JavaScript. To find where a value ends, only quotes and brackets are needed.
 * An element that is too long is skipped, with an error in its place.
 */
export async function* splitJson(
  chunks: AsyncIterable<Buffer>,
  options: SplitOptions,
): AsyncGenerator<JsonPart | ImportError> {
  const splitter = new JsonSplitter(options);
  for await (const chunk of chunks) yield* splitter.push(chunk);
  splitter.end();
}

/** The index of the next such byte; the length if there is none. */
function indexOf(chunk: Buffer, byte: number, from: number): number {
  const index = chunk.indexOf(byte, from);
  return index < 0 ? chunk.length : index;
}

class JsonSplitter {
  readonly #options: SplitOptions;
  #state: State = "root";
  #line = 1;
  // The open brackets around the parts: the root's, and those on the way to `items`.
  #open: number[] = [];
  // The names of the entered members.
  #path: string[] = [];
  #key = "";
  #index = 0;
  // The state of the part being read.
  #pieces: Buffer[] = [];
  #size = 0;
  #keep = true;
  #startLine = 1;
  #nesting = 0;
  #inString = false;
  #escaped = false;

  constructor(options: SplitOptions) {
    this.#options = options;
  }

  *push(chunk: Buffer): Generator<JsonPart | ImportError> {
    let start = this.#reading() ? 0 : -1;
    let backslash = -1;
    for (let i = 0; i < chunk.length; i++) {
      if (this.#inString && !this.#escaped) {
        // Most bytes are within strings, where only these two matter; JSON has no line breaks there.
        if (backslash < i) backslash = indexOf(chunk, BACKSLASH, i);
        i = Math.min(backslash, indexOf(chunk, QUOTE, i));
        if (i === chunk.length) break;
      }
      const byte = chunk[i] ?? 0;
      if (byte === LF) this.#line++;
      if (this.#reading()) {
        const end = this.#advance(byte);
        if (end === "inside") continue;
        yield* this.#take(chunk.subarray(start, end === "before" ? i : i + 1));
        start = -1;
        if (this.#state === "key") {
          const { limits } = this.#options;
          this.#key = String(parseJson(Buffer.concat(this.#pieces), this.#place(), limits).value);
          this.#state = "colon";
          continue;
        }
        this.#state = "after";
        if (this.#keep) yield this.#part();
        this.#index++;
        if (end === "after") continue;
      }
      if (byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09) continue;
      if (this.#between(byte)) start = i;
    }
    if (start >= 0) yield* this.#take(chunk.subarray(start));
  }

  end(): void {
    if (this.#state === "done") return;
    const { file } = this.#options;
    if (this.#state === "root") throw new ImportError({ file }, "empty; expected a JSON array or object");
    throw new ImportError(this.#place(), "the file ends here, in the middle of its JSON; it was cut off");
  }

  #reading(): boolean {
    return this.#state === "value" || this.#state === "key";
  }

  /** Says whether the part being read ends with this byte, before it, or not yet. */
  #advance(byte: number): "inside" | "before" | "after" {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        return this.#nesting === 0 ? "after" : "inside";
      }
      return "inside";
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#nesting++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      if (this.#nesting === 0) return "before";
      if (--this.#nesting === 0) return "after";
    } else if (byte === COMMA && this.#nesting === 0) return "before";
    return "inside";
  }

  /** Handles a byte between parts; true if a part begins with it. */
  #between(byte: number): boolean {
    const inObject = this.#open.at(-1) === OPEN_OBJECT;
    switch (this.#state) {
      case "root":
        if (BYTE_ORDER_MARK.includes(byte)) return false;
        if (byte !== OPEN_ARRAY && byte !== OPEN_OBJECT) throw this.#unexpected(byte, "[ or {");
        return this.#enter(byte);
      case "first":
      case "next":
        if (this.#state === "first" && byte === (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.#leave();
        if (inObject && byte !== QUOTE) throw this.#unexpected(byte, "a name in quotes");
        return this.#begin(inObject ? "key" : "value", byte);
      case "colon":
        if (byte !== COLON) throw this.#unexpected(byte, ":");
        this.#state = "before-value";
        return false;
      case "before-value":
        if (!this.#leadsToItems(byte)) return this.#begin("value", byte);
        this.#path.push(this.#key);
        this.#key = "";
        return this.#enter(byte);
      case "after":
        if (byte === (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.#leave();
        if (byte !== COMMA) throw this.#unexpected(byte, inObject ? ", or }" : ", or ]");
        this.#state = "next";
        return false;
      default:
        throw this.#unexpected(byte, "the end of the file");
    }
  }

  #leadsToItems(byte: number): boolean {
    const { items } = this.#options;
    const key = this.#memberPath();
    return byte === OPEN_ARRAY ? key === items : byte === OPEN_OBJECT && !!items?.startsWith(`${key}.`);
  }

  #enter(bracket: number): false {
    this.#open.push(bracket);
    this.#index = 0;
    this.#state = "first";
    return false;
  }

  #leave(): false {
    this.#open.pop();
    this.#path.pop();
    this.#state = this.#open.length > 0 ? "after" : "done";
    return false;
  }

  #begin(state: "key" | "value", byte: number): true {
    if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT)
      throw this.#unexpected(byte, "a value");
    this.#state = state;
    this.#pieces = [];
    this.#size = 0;
    this.#startLine = this.#line;
    this.#inString = byte === QUOTE;
    this.#nesting = byte === OPEN_ARRAY || byte === OPEN_OBJECT ? 1 : 0;
    this.#keep =
      state === "key" || !this.#isMember() || (this.#options.wanted?.(this.#memberPath(), byte) ?? true);
    return true;
  }

  /** Path of the member being read, or of the array, between and within its elements. */
  #memberPath(): string {
    return [...this.#path, ...(this.#isMember() ? [this.#key] : [])].join(".");
  }

  #isMember(): boolean {
    return this.#open.at(-1) === OPEN_OBJECT;
  }

  *#take(piece: Buffer): Generator<ImportError> {
    if (!this.#keep) return;
    this.#size += piece.length;
    const { maxRecordBytes, maxFileBytes } = this.#options.limits;
    const limit = this.#isMember() ? maxFileBytes : maxRecordBytes;
    if (this.#size <= limit) {
      this.#pieces.push(piece);
      return;
    }
    const error = new ImportError(this.#place(), `longer than ${limit} bytes, which is the limit`);
    if (this.#isMember()) throw error;
    this.#keep = false;
    this.#pieces = [];
    yield error;
  }

  #part(): JsonPart {
    const part: JsonPart = { line: this.#startLine, bytes: Buffer.concat(this.#pieces) };
    if (this.#open[0] === OPEN_OBJECT) part.key = this.#memberPath();
    if (!this.#isMember()) part.index = this.#index;
    return part;
  }

  #place(): Place {
    const place: Place = { file: this.#options.file, line: this.#reading() ? this.#startLine : this.#line };
    if (this.#open.length > 0 && !this.#isMember()) place.record = this.#index;
    else if (this.#state === "value" && this.#key !== "") place.field = this.#memberPath();
    return place;
  }

  #unexpected(byte: number, expected: string): ImportError {
    const found = byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `byte 0x${byte.toString(16)}`;
    return new ImportError(this.#place(), `not JSON: expected ${expected}, found ${found}`);
  }
}
