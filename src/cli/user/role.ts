import { type User, UserRole, UserRoleSchema } from "../../../gen/ltb/v1/user_pb.ts";

/** The roles by the names that people use. */
export const roles = {
  admin: UserRole.ADMIN,
  user: UserRole.USER,
  viewer: UserRole.VIEWER,
  worker: UserRole.WORKER,
} as const;

export type RoleName = keyof typeof roles;

export const roleNames = Object.keys(roles) as RoleName[];

export function roleName({ role }: User): string {
  return UserRoleSchema.value[role]?.localName.toLowerCase() ?? String(role);
}
