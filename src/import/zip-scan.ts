import { type FileHandle, open } from "node:fs/promises";

/** An entry of a ZIP file, as its own head describes it (APPNOTE 4.3.7). */
export interface ScannedEntry {
  name: string;
  /** Number of the compression method (APPNOTE 4.4.5). */
  method: number;
  isEncrypted: boolean;
  crc: number;
  size: number;
  packedSize: number;
  /** Place of its packed bytes in the file. */
  start: number;
}

type Sizes = Pick<ScannedEntry, "crc" | "size" | "packedSize">;

const HEAD_BYTES = 30;
const WINDOW_BYTES = 256 * 1024;
const entrySignature = Buffer.from("PK\x03\x04", "latin1");
const descriptorSignature = Buffer.from("PK\x07\x08", "latin1");
const DESCRIPTOR_BYTES = 24;
const IS_ENCRYPTED = 1;
const HAS_DESCRIPTOR = 8;
const IS_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;

/**
 * Finds the entries of a ZIP file whose directory is lost, because the file was cut off or damaged. The last
 * may reach behind the end of the file. A file that does not begin with an entry has none.
 */
export async function* scanEntries(path: string): AsyncGenerator<ScannedEntry> {
  const file = await open(path);
  try {
    const { size: fileSize } = await file.stat();
    let at = 0;
    for (;;) {
      const head = await readAt(file, at, HEAD_BYTES);
      if (!head.subarray(0, 4).equals(entrySignature)) {
        at = at === 0 ? -1 : await find(file, entrySignature, at + 1);
        if (at < 0) return;
        continue;
      }
      if (head.length < HEAD_BYTES) return;
      const [nameBytes, extraBytes] = [head.readUInt16LE(26), head.readUInt16LE(28)];
      const variable = await readAt(file, at + HEAD_BYTES, nameBytes + extraBytes);
      const start = at + HEAD_BYTES + nameBytes + extraBytes;
      const flags = head.readUInt16LE(6);
      const told = sizesOf(head, variable.subarray(nameBytes));
      const isTold = (flags & HAS_DESCRIPTOR) === 0 || told.packedSize > 0;
      const sizes = isTold ? told : await findDescriptor(file, start);
      // Without a descriptor the rest of the file is its bytes, and is found to be damaged.
      yield {
        ...(sizes ?? { ...told, packedSize: Math.max(0, fileSize - start) }),
        name: variable.toString("utf8", 0, nameBytes),
        method: head.readUInt16LE(8),
        isEncrypted: (flags & IS_ENCRYPTED) !== 0,
        start,
      };
      const end = start + (sizes?.packedSize ?? 0);
      at = end > fileSize ? start : end;
    }
  } finally {
    await file.close();
  }
}

/** Reads the sizes of a head, which are in its extra field if they are too large (APPNOTE 4.5.3). */
function sizesOf(head: Buffer, extra: Buffer): Sizes {
  const crc = head.readUInt32LE(14);
  const sizes = { crc, packedSize: head.readUInt32LE(18), size: head.readUInt32LE(22) };
  if (sizes.packedSize !== IS_ZIP64 && sizes.size !== IS_ZIP64) return sizes;
  for (let at = 0; at + 20 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== ZIP64_FIELD) continue;
    const [size, packedSize] = [extra.readBigUInt64LE(at + 4), extra.readBigUInt64LE(at + 12)];
    return { crc, size: Number(size), packedSize: Number(packedSize) };
  }
  return sizes;
}

/** Finds the descriptor behind an entry whose sizes were not known before its bytes (APPNOTE 4.3.9). */
async function findDescriptor(file: FileHandle, start: number): Promise<Sizes | undefined> {
  let at = await find(file, descriptorSignature, start);
  while (at >= 0) {
    const bytes = Buffer.concat([await readAt(file, at, DESCRIPTOR_BYTES), Buffer.alloc(DESCRIPTOR_BYTES)]);
    const crc = bytes.readUInt32LE(4);
    const packedSize = at - start;
    if (bytes.readBigUInt64LE(8) === BigInt(packedSize))
      return { crc, packedSize, size: Number(bytes.readBigUInt64LE(16)) };
    if (bytes.readUInt32LE(8) === packedSize) return { crc, packedSize, size: bytes.readUInt32LE(12) };
    at = await find(file, descriptorSignature, at + 1);
  }
  return undefined;
}

/** Returns the first place of some bytes at or behind a place of the file; -1 if there is none. */
async function find(file: FileHandle, wanted: Buffer, from: number): Promise<number> {
  for (let at = from; ; at += WINDOW_BYTES) {
    const window = await readAt(file, at, WINDOW_BYTES + wanted.length - 1);
    const index = window.indexOf(wanted);
    if (index >= 0) return at + index;
    if (window.length < WINDOW_BYTES) return -1;
  }
}

/** Reads bytes at a place; fewer at the end of the file. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
