import { expect, test } from "vitest";
import { judgeBackups } from "../../src/doctor/backups.ts";
import type { Finding } from "../../src/doctor/check.ts";
import { judgeClock } from "../../src/doctor/connection.ts";
import { judgeDisk, judgeWal } from "../../src/doctor/disk.ts";
import { judgeSlots } from "../../src/doctor/replication.ts";
import {
  judgeConnections,
  judgePrepared,
  judgeTransactions,
  judgeWatches,
} from "../../src/doctor/sessions.ts";
import { judgeSettings } from "../../src/doctor/settings.ts";
import { judgeDeadTuples, judgeWraparound } from "../../src/doctor/tables.ts";

const GB = 1024 ** 3;
const hour = 3_600_000;
const session = { pid: 7, state: "idle in transaction", application: "psql", role: "ada" };
const holder = { database: "etl", pid: null, gid: null, owner: "ada", ms: hour };
const disk = { total: 100 * GB, folder: "/srv/ltb" };
const backup = { name: "b.dump", bytes: 1 };
const slot = { name: "s", active: true, bytes: 0, lost: false };
const setting = (value: string, unit = 1) => ({ value, unit });

/** Each: what was found, and the levels of what is said of it. */
const judgements: [what: string, found: Finding | readonly Finding[], levels: string][] = [
  ["a clock that cannot be told from ours", judgeClock({ ms: 1_500, errorMs: 1_000 }), "ok"],
  ["a clock a little ahead", judgeClock({ ms: 1_500, errorMs: 400 }), "warn"],
  ["a clock ten minutes behind", judgeClock({ ms: -600_000, errorMs: 1 }), "fail"],
  ["few dead rows", judgeDeadTuples([{ name: "t", live: 10, dead: 100_000 }]), ""],
  ["many of very many", judgeDeadTuples([{ name: "t", live: 1_000_000, dead: 400_000 }]), ""],
  ["more dead than alive", judgeDeadTuples([{ name: "t", live: 100_000, dead: 100_001 }]), "warn"],
  ["young transaction ids", judgeWraparound({ age: 200_000_000, limit: 200_000_000 }), "ok"],
  ["old ones", judgeWraparound({ age: 300_000_001, limit: 200_000_000 }), "warn"],
  ["hardly any left", judgeWraparound({ age: 1_000_000_001, limit: 200_000_000 }), "fail"],
  ["a short transaction", judgeTransactions([{ ...session, ms: 5 * 60_000 }]), ""],
  ["a long one", judgeTransactions([{ ...session, ms: 5 * 60_000 + 1 }]), "warn"],
  ["one of hours", judgeTransactions([{ ...session, ms: hour + 1 }]), "fail"],
  ["a transaction that was prepared and left", judgePrepared([{ gid: "it's", ms: 1 }]), "fail"],
  ["changes that are told", judgeWatches(10_000, undefined), "ok"],
  ["changes held up by a session", judgeWatches(10_001, { ...holder, pid: 7 }), "warn"],
  ["by a prepared transaction", judgeWatches(hour, { ...holder, gid: "it's" }), "warn"],
  ["by what is not seen", judgeWatches(10_001, undefined), "warn"],
  ["room for all", judgeConnections({ allowed: 97, others: 30, perServer: 22, servers: 3 }), "ok"],
  ["room but for others", judgeConnections({ allowed: 97, others: 31, perServer: 22, servers: 3 }), "warn"],
  ["no room", judgeConnections({ allowed: 97, others: 0, perServer: 22, servers: 5 }), "fail"],
  ["slots that are read", judgeSlots([{ ...slot, bytes: GB }]), ""],
  ["a slot whose reader is behind", judgeSlots([{ ...slot, bytes: GB + 1 }]), "warn"],
  ["a slot nobody reads", judgeSlots([{ ...slot, active: false }]), "warn"],
  ["one that fills the disk", judgeSlots([{ ...slot, bytes: 10 * GB + 1 }]), "fail"],
  ["one that was given up", judgeSlots([{ ...slot, lost: true }]), "fail"],
  ["a log as large as it may be", judgeWal({ bytes: 2 * GB, limit: GB }), "ok"],
  ["a log that does not go", judgeWal({ bytes: 2 * GB + 1, limit: GB }), "warn"],
  ["a roomy disk", judgeDisk({ ...disk, free: 10 * GB }), "ok"],
  ["a filling one", judgeDisk({ ...disk, free: 10 * GB - 1 }), "warn"],
  ["a small one", judgeDisk({ ...disk, total: 20 * GB, free: 5 * GB - 1 }), "warn"],
  ["a full one", judgeDisk({ ...disk, free: GB - 1 }), "fail"],
  ["a backup of last night", judgeBackups({ ...backup, ageMs: 26 * hour }, "/b"), "ok"],
  ["one of the night before", judgeBackups({ ...backup, ageMs: 26 * hour + 1 }, "/b"), "warn"],
  ["one of last week", judgeBackups({ ...backup, ageMs: 7 * 24 * hour + 1 }, "/b"), "fail"],
  ["an empty one", judgeBackups({ ...backup, ageMs: 0, bytes: 0 }, "/b"), "fail"],
  ["none", judgeBackups(undefined, "/b"), "fail"],
  [
    "settings that are good",
    judgeSettings(
      new Map([
        ["fsync", setting("on")],
        ["shared_buffers", setting("16384", 8192)],
        ["max_wal_size", setting("1024", 1024 ** 2)],
      ]),
    ),
    "",
  ],
  [
    "settings of a toy",
    judgeSettings(
      new Map([
        ["fsync", setting("off")],
        ["full_page_writes", setting("off")],
        ["synchronous_commit", setting("off")],
        ["shared_buffers", setting("16383", 8192)],
        ["max_wal_size", setting("1023", 1024 ** 2)],
      ]),
    ),
    "fail fail warn warn warn",
  ],
];

test.each(judgements)("%s", (_, found, levels) => {
  const findings = Array.isArray(found) ? found : [found];
  expect(findings.map(({ level }) => level).join(" ")).toBe(levels);
  for (const { level, advice } of findings) expect(advice !== undefined).toBe(level !== "ok");
});
