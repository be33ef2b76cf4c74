import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import type { ServiceClient } from "../shared/client.ts";
import { CliError } from "../shared/errors.ts";
import { time } from "../shared/options.ts";

export interface Filter {
  user?: string;
  entity?: string;
  action?: string;
  after?: Date;
  before?: Date;
}

/** Adds the options that choose entries. */
export function withFilter(command: Command): Command {
  return command
    .option("--user <user>", "only those of this user: id or username")
    .option("--entity <type[/id]>", "only those about this, for example job, or job/01890a5d-…")
    .option("--action <action>", "only those with this action, for example delete")
    .option("--after <time>", "only those from this time on", time)
    .option("--before <time>", "only those before this time", time);
}

/** The options as the service has them. */
export async function filterOf({ users }: ServiceClient, { user, entity, action, after, before }: Filter) {
  const [, entityType = "", entityId = ""] = /^([^/]+)(?:\/(.+))?$/s.exec(entity ?? "") ?? [];
  if (entity !== undefined && entityType === "")
    throw new CliError("--entity takes a type, or a type and an id, for example job/01890a5d-…", {
      usage: true,
    });
  return {
    userId: user === undefined ? "" : await userIdOf(users, user),
    entityType,
    entityId,
    action: action ?? "",
    ...(after && { after: timestampFromDate(after) }),
    ...(before && { before: timestampFromDate(before) }),
  };
}

async function userIdOf(users: ServiceClient["users"], user: string): Promise<string> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(user)) return user;
  const found = await users.getUser({ key: { case: "username", value: user } });
  return found.user?.id ?? "";
}
