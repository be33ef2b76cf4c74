import { type User, UserSchema } from "../../../gen/ltb/v1/user_pb.ts";
import { pairs, plain, print, printJson } from "../shared/output.ts";
import { roleName } from "./role.ts";

/** Prints every field of a user. */
export function printUser(user: User, { json }: { json?: boolean }): void {
  const { metadata, ...fields } = plain(UserSchema, user);
  const given = metadata ? { metadata: JSON.stringify(metadata) } : {};
  if (json) printJson({ ...fields, metadata: metadata ?? null });
  else print(pairs({ ...fields, role: roleName(user), ...given }));
}
