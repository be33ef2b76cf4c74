/** Characters that some file system does not take in a name. */
const untaken = /[\p{Cc}\p{Cf}\\/:*?"<>|]+/gu;

/** A name for a file, in any script, of what somebody named; short enough for every file system. */
export function fileNameOf(name: string, extension: string): string {
  const kept = name
    .replaceAll(untaken, " ")
    .replaceAll(/\s+/g, " ")
    .replace(/^[. ]+/, "")
    .trim();
  // 55 characters are at most 220 bytes, of the 255 that a name may have.
  return `${[...kept].slice(0, 55).join("").trim() || "export"}.${extension}`;
}

/** Has the browser store a file. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
