import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { afterEach, describe, expect, test, vi } from "vitest";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { follow } from "../../src/cli/shared/follow.ts";
import { parseDuration, parseTime } from "../../src/cli/shared/options.ts";
import { collect } from "../../src/cli/shared/pages.ts";
import { formatSpan } from "../../src/time-span.ts";

describe("collect", () => {
  const pages = [[], [1, 2], [], [3], [], []];
  const read = async ({ pageToken }: { pageToken: string }) => {
    const index = Number(pageToken);
    return { items: pages[index] ?? [], nextPageToken: index + 1 < pages.length ? String(index + 1) : "" };
  };

  test("reads over short and empty pages to the end", async () => {
    expect(await collect(50, read)).toEqual({ items: [1, 2, 3], more: false });
    expect(await collect(3, read)).toEqual({ items: [1, 2, 3], more: false });
  });

  test("stops at the number that is wanted, and knows that there are more", async () => {
    expect(await collect(2, read)).toEqual({ items: [1, 2], more: true });
    const sizes: number[] = [];
    await collect(1500, async ({ pageSize }) => {
      sizes.push(pageSize);
      return { items: Array(pageSize).fill(0), nextPageToken: "next" };
    });
    expect(sizes).toEqual([1000, 501]);
  });
});

describe("follow", () => {
  /** A service whose watches bring these messages and then fail so; what it was asked is recorded. */
  function client(...watches: { cursors: string[]; failure: Code }[]) {
    const asked: string[] = [];
    const transport = createRouterTransport(({ service }) => {
      service(JobService, {
        async *watchJobs({ afterCursor }) {
          asked.push(afterCursor);
          const watch = watches.shift();
          for (const cursor of watch?.cursors ?? []) yield { cursor };
          throw new ConnectError("over", watch?.failure ?? Code.InvalidArgument);
        },
      });
    });
    return { asked, jobs: createClient(JobService, transport) };
  }

  async function followed({ jobs }: ReturnType<typeof client>): Promise<string[]> {
    const cursors: string[] = [];
    const watch = (afterCursor: string) => jobs.watchJobs({ afterCursor });
    await expect(async () => {
      for await (const { cursor } of follow("jobs", watch, new AbortController().signal))
        cursors.push(cursor);
    }).rejects.toThrow("over");
    return cursors;
  }

  test("resumes after the last message", async () => {
    const service = client(
      { cursors: ["a", "b"], failure: Code.Unavailable },
      { cursors: [], failure: Code.Unavailable },
      { cursors: ["c"], failure: Code.PermissionDenied },
    );
    expect(await followed(service)).toEqual(["a", "b", "c"]);
    expect(service.asked).toEqual(["", "b", "b"]);
  });

  test("begins anew where the changes are no longer kept", async () => {
    const service = client(
      { cursors: ["a"], failure: Code.Unavailable },
      { cursors: [], failure: Code.OutOfRange },
      { cursors: ["z"], failure: Code.PermissionDenied },
    );
    expect(await followed(service)).toEqual(["a", "z"]);
    expect(service.asked).toEqual(["", "a", ""]);
  });

  test("does not wait for a service that never answered", async () => {
    const service = client({ cursors: [], failure: Code.Unavailable });
    expect(await followed(service)).toEqual([]);
    expect(service.asked).toEqual([""]);
  });
});

test("time spans are read and shown", () => {
  expect(["90", "500ms", "1.5s", "5m", "2h", "7d"].map((text) => parseDuration(text))).toEqual([
    90_000, 500, 1500, 300_000, 7_200_000, 604_800_000,
  ]);
  expect([0, 31, 1500, 90_000, 7_200_000, 864_000_000].map(formatSpan)).toEqual([
    "0 ms",
    "31 ms",
    "1.5 s",
    "1.5 min",
    "2 h",
    "10 d",
  ]);
  for (const wrong of ["", "-5s", "5 weeks", "1e3"])
    expect(() => parseDuration(wrong)).toThrow("Expected a time span");
});

test("times are RFC 3339, with or without what can be left out", () => {
  expect(parseTime("2026-01-31T18:00:00+02:00").toISOString()).toBe("2026-01-31T16:00:00.000Z");
  expect(parseTime("2026-01-31")).toEqual(new Date(2026, 0, 31));
  expect(parseTime("2026-01-31 18:00")).toEqual(new Date(2026, 0, 31, 18));
  expect(parseTime("2024-02-29T12:00:00.1239Z").toISOString()).toBe("2024-02-29T12:00:00.123Z");
  const none = ["2026-02-30", "2026-02-30T00:00:00Z", "2026-01-31T24:00", "2026-01-31 12:00+24:00"];
  for (const wrong of ["", "1", "2026", "2026-13-01", "31.1.2026", ...none])
    expect(() => parseTime(wrong), wrong).toThrow("Expected a time");
});

describe("a local time", () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ["America/New_York", "2026-03-08 02:30", "Local clocks skip this time"],
    ["America/New_York", "2026-11-01 01:30", "2026-11-01T05:30:00.000Z or 2026-11-01T06:30:00.000Z"],
    ["Europe/Berlin", "2026-03-29T02:00:00", "Local clocks skip this time"],
    ["Europe/Berlin", "2026-10-25T02:59:59", "2026-10-25T00:59:59.000Z or 2026-10-25T01:59:59.000Z"],
    ["Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00.000Z or 2026-04-04T15:15:00.000Z"],
    ["Pacific/Apia", "2011-12-30", "Local clocks skip this time"],
  ])("that does not come once is refused: %s %s", (zone, time, message) => {
    vi.stubEnv("TZ", zone);
    expect(() => parseTime(time)).toThrow(message);
  });

  test.each([
    ["America/New_York", "2026-03-08 01:59:59", "2026-03-08T06:59:59.000Z"],
    ["America/New_York", "2026-03-08 03:00", "2026-03-08T07:00:00.000Z"],
    ["America/New_York", "2026-03-08 02:30Z", "2026-03-08T02:30:00.000Z"],
    ["Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00.000Z"],
    ["Asia/Kathmandu", "2026-01-31 12:00", "2026-01-31T06:15:00.000Z"],
    ["Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z"],
  ])("that comes once is taken: %s %s", (zone, time, expected) => {
    vi.stubEnv("TZ", zone);
    expect(parseTime(time).toISOString()).toBe(expected);
  });
});
