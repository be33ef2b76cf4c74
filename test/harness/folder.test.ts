import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { removeTemporaryFolders, temporaryFolder } from "./folder.ts";

test("a folder is removed although something still writes into it for a while", async () => {
  const folder = temporaryFolder();
  let isWriting = true;
  const write = async (writer: number) => {
    // What is written after the removal fails.
    for (let file = 0; isWriting; file++)
      await writeFile(join(folder, `${writer}-${file}`), "").catch(() => undefined);
  };
  const writers = [1, 2, 3].map(write);
  const removal = removeTemporaryFolders();
  setTimeout(() => {
    isWriting = false;
  }, 200);
  await Promise.all([...writers, expect(removal).resolves.toBeUndefined()]);
  expect(existsSync(folder)).toBe(false);
});

test("a folder is there until the hooks of its file have run", () => {
  folderOfFile = temporaryFolder();
  expect(existsSync(folderOfFile)).toBe(true);
});

let folderOfFile = "";
afterAll(() => expect(existsSync(folderOfFile)).toBe(true));
