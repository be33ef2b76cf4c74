import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { cutText } from "../../text.ts";
import { countOf, formatMinute, formatTable, note, print } from "./output.ts";

/** Most groups that the service tells of. */
export const GROUPS = 200;

interface Group {
  count: number;
  example: string;
  lastAt?: Timestamp | undefined;
}

/** Prints groups of failures, with the id of the last one of each. */
export function printGroups<G extends Group>(
  answer: { groups: readonly G[]; groupsLeftOut: number; failuresRead: number; more: boolean },
  idsOf: (group: G) => readonly string[],
): void {
  const { groups, groupsLeftOut, failuresRead, more } = answer;
  const only = () => more && note(`note: only the newest ${failuresRead} failures were read`);
  if (groups.length === 0) {
    note("no failures");
    only();
    return;
  }
  const rows = groups.map((group) => {
    const { count, example, lastAt } = group;
    return [count, cutText(example, 100), formatMinute(lastAt), idsOf(group)[0] ?? ""];
  });
  print(formatTable([">count", "error, for example", "last (UTC)", "id of the last"], rows));
  if (groupsLeftOut > 0) note(`note: ${countOf(groupsLeftOut, "smaller group")} left out`);
  only();
}
