import { afterAll } from "vitest";
import { removeTemporaryFolders } from "./folder.ts";
import { dropTestDatabases } from "./postgres.ts";

// Vitest runs what was registered last first: these run after every hook of the file itself.
afterAll(removeTemporaryFolders);
afterAll(dropTestDatabases);
