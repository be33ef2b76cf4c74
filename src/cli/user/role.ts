import { type User, type UserRole, UserRoleSchema } from "../../../gen/ltb/v1/user_pb.ts";
import { wireEnum } from "../../wire/enums.ts";

const userRole = wireEnum<typeof UserRole>(UserRoleSchema);

/** The roles by the names that people use. */
export const roles = userRole.values;

export type RoleName = keyof typeof roles;

export const roleNames = Object.keys(roles) as RoleName[];

export function roleName({ role }: User): string {
  return userRole.describe(role);
}
