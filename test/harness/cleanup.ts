import { afterAll } from "vitest";
import { dropTestDatabases } from "./postgres.ts";

afterAll(dropTestDatabases);
