import type { User } from "../../../gen/ltb/v1/user_pb.ts";
import type { UserRepository } from "../../users/repository.ts";
import type { User as StoredUser } from "../../users/rows.ts";
import type { ServiceClient } from "../shared/client.ts";
import { requireAnswer } from "../shared/errors.ts";
import { isUuid } from "../shared/options.ts";

/** The name of a user on the command line. */
export const userArgument = "id, email or user name";

/** How the text names a user: by its id, its email if there is an @, else its user name. */
function keyOf(text: string) {
  const field = isUuid(text) ? "id" : text.includes("@") ? "email" : "username";
  return { case: field, value: text } as const;
}

export async function findUser(users: ServiceClient["users"], text: string): Promise<User> {
  const { user } = await users.getUser({ key: keyOf(text) });
  return requireUser(user);
}

/** The same where there is no service. */
export function findStoredUser(users: UserRepository, text: string): Promise<StoredUser> {
  const { case: field, value } = keyOf(text);
  if (field === "id") return users.get(value);
  return field === "email" ? users.getByEmail(value) : users.getByUsername(value);
}

/** The user that an answer always has. */
export function requireUser(user: User | undefined): User {
  requireAnswer(user, "user");
  return user;
}
