import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, test } from "vitest";
import {
  RemoveStaleWorkersRequestSchema,
  RemoveStaleWorkersResponseSchema,
} from "../../gen/ltb/v1/worker_service_pb.ts";
import { formatAddress } from "../../src/address.ts";
import type { RunningService } from "../../src/serve.ts";
import { bench, clients, listeners, outcome } from "../auth/support.ts";
import { onlooker } from "../harness/postgres.ts";
import { barriers, browser, program } from "./browser.ts";

describe.skipIf(!program)("what admins do to keys, users and workers", async () => {
  const { db, serve, caller, connection } = await bench();
  const { open } = browser();
  let service: RunningService;
  let home = "";

  beforeAll(async () => {
    service = await serve();
    home = `http://${formatAddress(service.httpAddress)}/console`;
  });

  const whoAmI = (key: string) => outcome(clients(listeners.HTTP(service, key)).users.whoAmI({}));

  test("a key is replaced by another, and stays good for as long as is chosen", async () => {
    const { key, userId } = await caller("user");
    const { secret: old = "" } = await db.users.createApiKey({ userId, name: "nightly" });
    const page = await open(`${home}/account`, { key });
    const row = page.getByRole("row").filter({ hasText: "nightly" });
    await row.getByRole("button", { name: "Replace…" }).click();
    const dialog = page.getByRole("dialog", { name: "Replace nightly?" });
    expect(await barriers(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Replace" }).click();
    const shown = page.getByText(/^export LTB_API_KEY=/);
    await shown.waitFor();
    const made = (await shown.innerText()).replace("export LTB_API_KEY=", "");
    expect(made).not.toBe(old);
    expect(await whoAmI(made)).toBe("OK");
    expect(await whoAmI(old)).toBe("OK");
    await row.nth(1).waitFor();
    await row.getByText("expires soon").waitFor();
    await row.first().getByRole("button", { name: "Replace…" }).click();
    await dialog.getByLabel("The old key stays good").selectOption("no longer");
    await dialog.getByRole("button", { name: "Replace" }).click();
    await expect.poll(() => whoAmI(made)).not.toBe("OK");
  });

  test("an admin gives another user a password, which that user then signs in with", async () => {
    const [{ key }, other] = [await caller("admin"), await caller("user")];
    const page = await open(`${home}/users/${other.userId}`, { key });
    await page.getByText("Give it a password").click();
    expect(await page.getByLabel("Password now").count()).toBe(0);
    await page.getByLabel("New password, 8 characters or more").fill("correct horse");
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByText("The password is changed, and its sessions have ended.").waitFor();
    const { email } = await db.users.get(other.userId);
    const { users } = clients(listeners.HTTP(service));
    expect(await users.login({ email, password: "correct horse" })).toMatchObject({
      user: { id: other.userId },
    });
  });

  test("a user is deleted, and the list of those that are left is shown", async () => {
    const [{ key }, other] = [await caller("admin"), await caller("user")];
    const { username } = await db.users.get(other.userId);
    const page = await open(`${home}/users`, { key });
    await page.getByRole("link", { name: username }).click();
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog", { name: `Delete ${username}?` });
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "Users" }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: username }).count()).toBe(0);
    expect(await whoAmI(other.key)).toBe("CREDENTIAL_INVALID");
  });

  test("workers of which nothing was heard for long are removed, with an account of how many", async () => {
    for (const workerId of ["long gone", "just gone", "here"])
      await db.workers.register({ workerId, jobTypes: ["t"] });
    const superuser = await onlooker(connection);
    await superuser.query(`update workers set last_heartbeat = now() - case worker_id
      when 'long gone' then interval '2 hours' when 'just gone' then interval '2 minutes' else interval '0' end`);
    await superuser.end();
    const page = await open(`${home}/workers`, { key: (await caller("admin")).key });
    const rows = page.getByRole("table", { name: "Workers" }).getByRole("row");
    await rows.filter({ hasText: "long gone" }).waitFor();
    const ask = page.getByRole("button", { name: "Remove silent ones…" });
    await ask.click();
    const dialog = page.getByRole("dialog", { name: "Remove silent workers" });
    await dialog.getByText("2 are silent for 30 s or more.").waitFor();
    expect(await barriers(page)).toEqual([]);
    // A service that was held up for a moment, as on a busy machine, removes none for half a minute.
    const asked: unknown[] = [];
    await page.route("**/RemoveStaleWorkers", async (route) => {
      asked.push(
        fromBinary(RemoveStaleWorkersRequestSchema, route.request().postDataBuffer() ?? Buffer.of()),
      );
      await db.workers.deregister("long gone");
      const answer = create(RemoveStaleWorkersResponseSchema, { removed: 1 });
      const body = Buffer.from(toBinary(RemoveStaleWorkersResponseSchema, answer));
      await route.fulfill({ contentType: "application/proto", body });
    });
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByText("1 worker was removed; 0 of the jobs that they held are pending again.").waitFor();
    expect(asked).toMatchObject([{ olderThan: { seconds: 3_600n } }]);
    await expect.poll(() => rows.filter({ hasText: "long gone" }).count()).toBe(0);
    await rows.filter({ hasText: "just gone" }).waitFor();
    await rows.filter({ hasText: "here" }).waitFor();
  });
});
