import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
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
  for (const wrong of ["", "1", "2026", "2026-13-01", "31.1.2026"])
    expect(() => parseTime(wrong)).toThrow("Expected a time");
});
