import { crc32 } from "node:zlib";

export interface ZipPart {
  name: string;
  content: string | Uint8Array;
  /** 0 stored, 8 deflate, 93 zstd. */
  method?: number;
  compress?: (bytes: Uint8Array) => Uint8Array;
  /** What the directory says, where it lies. */
  size?: number;
  crc?: number;
  flags?: number;
}

/** A ZIP file, after APPNOTE 4.3. */
export function zipOf(parts: ZipPart[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 0, compress = (bytes: Uint8Array) => bytes, ...claimed } of parts) {
    const bytes = Buffer.from(content);
    const packed = compress(bytes);
    const fields = Buffer.alloc(22);
    fields.writeUInt16LE(claimed.flags ?? 0, 0);
    fields.writeUInt16LE(method, 2);
    fields.writeUInt32LE(claimed.crc ?? crc32(bytes), 8);
    fields.writeUInt32LE(packed.length, 12);
    fields.writeUInt32LE(claimed.size ?? bytes.length, 16);
    fields.writeUInt16LE(Buffer.byteLength(name), 20);
    const local = Buffer.concat([Buffer.from("PK\x03\x04\x14\0", "latin1"), fields, Buffer.alloc(2)]);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(offset, 12);
    directory.push(
      Buffer.concat([Buffer.from("PK\x01\x02\x14\0\x14\0", "latin1"), fields, tail, Buffer.from(name)]),
    );
    const file = Buffer.concat([local, Buffer.from(name), packed]);
    files.push(file);
    offset += file.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, listing, end]);
}
