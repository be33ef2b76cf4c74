/** The part of yauzl that is used here: it ships no types of its own. */
declare module "yauzl" {
  import type { Readable } from "node:stream";

  interface Entry {
    fileName: string;
    compressedSize: number;
    uncompressedSize: number;
    compressionMethod: number;
    crc32: number;
    isEncrypted(): boolean;
  }

  interface ZipFile {
    entryCount: number;
    fileSize: number;
    eachEntry(): AsyncIterableIterator<Entry>;
    openReadStreamPromise(entry: Entry, options: { decodeFileData: false }): Promise<Readable>;
    close(): void;
  }

  function openPromise(path: string): Promise<ZipFile>;
}
