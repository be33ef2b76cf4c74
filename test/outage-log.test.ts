import { expect, test } from "vitest";
import { OutageLog } from "../src/outage-log.ts";
import { silentLog } from "./harness/log.ts";

function recorded(end?: string) {
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const log = { ...silentLog, info: write("info"), warn: write("warn"), error: write("error") };
  return { lines, outage: new OutageLog(log, end) };
}

test("of an outage the first failure and the end are logged", () => {
  const { lines, outage } = recorded("works again");
  outage.works();
  for (let round = 0; round < 2; round++) {
    for (const cause of ["one", "another"]) outage.failed({}, `failed by ${cause}`);
    outage.works();
    outage.works();
  }
  expect(lines).toEqual([
    "warn: failed by one",
    "info: works again",
    "warn: failed by one",
    "info: works again",
  ]);
});

test("a failure of another kind is logged too, at its own level; the end only where it has a message", () => {
  const { lines, outage } = recorded();
  outage.failed({}, "no key", { kind: "key" });
  outage.failed({}, "no key", { kind: "key" });
  outage.failed({}, "cut off", { kind: "cut", level: "error" });
  outage.works();
  outage.failed({}, "cut off", { kind: "cut", level: "error" });
  expect(lines).toEqual(["warn: no key", "error: cut off", "error: cut off"]);
});
