import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { isWrapperDesc, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";

/**
 * Decodes as `fromBinary` does, in less than half the time: it makes JSON of a Struct at once. Whatever is
 * rare, unknown or malformed ends the attempt, and is left to `fromBinary`, which then has the word.
 * @throws as `fromBinary`
 */
export function decode<Desc extends DescMessage>(type: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return new Reader(bytes).message(planOf(type), bytes.length, 0) as MessageShape<Desc>;
  } catch (error) {
    if (error !== unsure) throw error;
    return fromBinary(type, bytes);
  }
}

/** A value that was read as JSON: `kind`, which takes much longer, is read when somebody wants it. */
export class ReadValue implements Value {
  readonly $typeName = "google.protobuf.Value";
  readonly json: JsonValue;
  readonly #bytes: Buffer;

  constructor(json: JsonValue, bytes: Buffer) {
    this.json = json;
    this.#bytes = bytes;
  }

  get kind(): Value["kind"] {
    return fromBinary(ValueSchema, this.#bytes).kind;
  }
}

/** Thrown where a message has something that is not read here. */
const unsure = Symbol("unsure");

type Fields = { [name: string]: unknown };
type ReadField = (message: Fields, reader: Reader, end: number, depth: number) => void;

/** How to read a type of message: the reader of each field by its tag, which is its number and wire type. */
interface Plan {
  make(): Fields;
  readonly fields: ReadField[];
}

const plans = new WeakMap<DescMessage, Plan>();

function planOf(type: DescMessage): Plan {
  const known = plans.get(type);
  if (known) return known;
  const plan: Plan = { make: makerOf(type), fields: [] };
  // Noted before its fields are, because types may hold themselves.
  plans.set(type, plan);
  for (const field of type.fields) addField(plan.fields, field);
  return plan;
}

/** Makes empty messages: a copy of one is made faster than another. */
function makerOf(type: DescMessage): () => Fields {
  const empty: Fields = create(type);
  const lists = type.fields.filter((field) => field.fieldKind === "list").map(({ localName }) => localName);
  const others = type.fields.some((field) => field.fieldKind === "map" || field.oneof);
  if (others || Object.getPrototypeOf(empty) !== Object.prototype) return () => create(type);
  return () => {
    const message = { ...empty };
    for (const name of lists) message[name] = [];
    return message;
  };
}

const [varint, bit64, delimited] = [0, 1, 2];

function addField(fields: ReadField[], field: DescField): void {
  const name = field.localName;
  if (field.oneof) return;
  const add = (wireType: number, read: ReadField) => {
    fields[field.number * 8 + wireType] = read;
  };
  if (field.fieldKind === "scalar") {
    const scalar = scalars.get(field.scalar);
    if (!scalar || field.longAsString) return;
    const { wireType, read } = scalar;
    add(wireType, (message, reader, end) => {
      message[name] = read(reader, end);
    });
  } else if (field.fieldKind === "enum" && field.enum.open) {
    add(varint, (message, reader) => {
      message[name] = reader.int32();
    });
  } else if (field.fieldKind === "message" && !isWrapperDesc(field.message)) {
    const readMessage = contentOf(field.message);
    add(delimited, (message, reader, end, depth) => {
      // A field that comes twice is one message with the content of both.
      if (message[name] !== undefined) throw unsure;
      message[name] = readMessage(reader, reader.length(end), depth + 1);
    });
  } else if (field.fieldKind === "list" && field.listKind === "message") {
    const readMessage = contentOf(field.message);
    add(delimited, (message, reader, end, depth) => {
      (message[name] as unknown[]).push(readMessage(reader, reader.length(end), depth + 1));
    });
  } else if (
    field.fieldKind === "list" &&
    field.listKind === "scalar" &&
    field.scalar === ScalarType.STRING
  ) {
    add(delimited, (message, reader, end) => {
      (message[name] as unknown[]).push(reader.text(end));
    });
  }
}

const scalars: ReadonlyMap<ScalarType, { wireType: number; read(reader: Reader, end: number): unknown }> =
  new Map([
    [ScalarType.STRING, { wireType: delimited, read: (reader, end) => reader.text(end) }],
    [ScalarType.DOUBLE, { wireType: bit64, read: (reader) => reader.double() }],
    [ScalarType.INT32, { wireType: varint, read: (reader) => reader.int32() }],
    [ScalarType.BOOL, { wireType: varint, read: (reader) => reader.bool() }],
    [ScalarType.INT64, { wireType: varint, read: (reader) => reader.int64() }],
  ]);

function contentOf(type: DescMessage): (reader: Reader, end: number, depth: number) => unknown {
  if (type.typeName === "google.protobuf.Struct") return (reader, end, depth) => reader.struct(end, depth);
  if (type.typeName === "google.protobuf.Value") return (reader, end, depth) => reader.value(end, depth);
  const plan = planOf(type);
  return (reader, end, depth) => reader.message(plan, end, depth);
}

/** The deepest that `fromBinary` goes is 100. */
const deepest = 99;

class Reader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  message({ make, fields }: Plan, end: number, depth: number): Fields {
    if (depth > deepest) throw unsure;
    const message = make();
    while (this.#at < end) {
      const read = fields[this.#tag()];
      if (!read) throw unsure;
      read(message, this, end, depth);
    }
    if (this.#at !== end) throw unsure;
    return message;
  }

  struct(end: number, depth: number): JsonObject {
    if (depth > deepest) throw unsure;
    const object: JsonObject = {};
    while (this.#at < end) {
      if (this.#bytes[this.#at++] !== tags.fields) throw unsure;
      const entryEnd = this.length(end);
      if (this.#bytes[this.#at++] !== tags.key) throw unsure;
      const key = this.#key(this.length(entryEnd));
      if (this.#bytes[this.#at++] !== tags.value) throw unsure;
      const value = this.#json(this.length(entryEnd), depth + 1);
      // Assigned, "__proto__" would become the prototype.
      if (this.#at !== entryEnd || key === "__proto__") throw unsure;
      object[key] = value;
    }
    return object;
  }

  value(end: number, depth: number): ReadValue {
    const at = this.#at;
    return new ReadValue(this.#json(end, depth), this.#bytes.subarray(at, end));
  }

  /** What a `google.protobuf.Value` holds: one thing, though it might hold none, or several. */
  #json(end: number, depth: number): JsonValue {
    if (depth > deepest) throw unsure;
    const value = this.#kind(end, depth);
    if (this.#at !== end) throw unsure;
    return value;
  }

  #kind(end: number, depth: number): JsonValue {
    switch (this.#bytes[this.#at++]) {
      case tags.null:
        this.int32();
        return null;
      case tags.number:
        return this.double();
      case tags.string:
        return this.text(end);
      case tags.bool:
        return this.bool();
      case tags.struct:
        return this.struct(this.length(end), depth + 1);
      case tags.list:
        return this.#list(this.length(end), depth + 1);
      default:
        throw unsure;
    }
  }

  #list(end: number, depth: number): JsonValue[] {
    if (depth > deepest) throw unsure;
    const list: JsonValue[] = [];
    while (this.#at < end) {
      if (this.#bytes[this.#at++] !== tags.values) throw unsure;
      list.push(this.#json(this.length(end), depth + 1));
    }
    return list;
  }

  /** The place where what begins here with its length ends. */
  length(end: number): number {
    const length = this.int32();
    const stop = this.#at + length;
    if (length < 0 || stop > end) throw unsure;
    return stop;
  }

  text(end: number): string {
    return this.#text(this.length(end));
  }

  #text(end: number): string {
    const text = this.#bytes.toString("utf8", this.#at, end);
    // It stands for what is no UTF-8.
    if (text.includes("\uFFFD")) throw unsure;
    this.#at = end;
    return text;
  }

  double(): number {
    const at = this.#at;
    this.#at += 8;
    if (this.#at > this.#bytes.length) throw unsure;
    return this.#view.getFloat64(at, true);
  }

  bool(): boolean {
    const byte = this.#bytes[this.#at++];
    if (byte !== 0 && byte !== 1) throw unsure;
    return byte === 1;
  }

  int32(): number {
    const first = this.#bytes[this.#at] ?? 0x80;
    if (first < 0x80) {
      this.#at++;
      return first;
    }
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0x80;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw unsure;
  }

  int64(): bigint {
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0x80;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return BigInt(value);
    }
    throw unsure;
  }

  #tag(): number {
    const first = this.#bytes[this.#at++] ?? 0;
    if (first < 0x80) return first;
    const second = this.#bytes[this.#at++] ?? 0x80;
    if (second >= 0x80) throw unsure;
    return (first & 0x7f) | (second << 7);
  }

  /** The keys of a batch are few: one that was read before need not be made again. */
  #key(end: number): string {
    const bytes = this.#bytes;
    const length = end - this.#at;
    if (length === 0 || length > longestKey) return this.#text(end);
    let place = length;
    for (let at = this.#at; at < end; at++) place = (place * 31 + (bytes[at] ?? 0)) & (keptKeys - 1);
    const kept = keys[place];
    if (kept?.length === length) {
      let at = 0;
      while (at < length && kept.charCodeAt(at) === bytes[this.#at + at]) at++;
      if (at === length) {
        this.#at = end;
        return kept;
      }
    }
    const key = this.#text(end);
    // The bytes of other texts are not the codes of their characters.
    if (key.length === length) keys[place] = key;
    return key;
  }
}

const longestKey = 32;
const keptKeys = 512;
const keys: (string | undefined)[] = new Array(keptKeys).fill(undefined);

/** Tags of the fields of Struct, its entries, Value and ListValue. */
const tags = {
  fields: 0x0a,
  key: 0x0a,
  value: 0x12,
  null: 0x08,
  number: 0x11,
  string: 0x1a,
  bool: 0x20,
  struct: 0x2a,
  list: 0x32,
  values: 0x0a,
} as const;
