import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type User, UserRole, UserRoleSchema } from "../../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { useMay } from "../../data/session.ts";
import { usePages } from "../../data/usePages.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Status, wordOf } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { type Column, VirtualTable } from "../../parts/VirtualTable.tsx";

const columns: readonly Column<User>[] = [
  {
    title: "Name",
    isName: true,
    width: "minmax(10rem, 2fr)",
    cell: ({ id, username }) => (
      <Link to="/users/$id" params={{ id }}>
        <bdi>{username}</bdi>
      </Link>
    ),
  },
  { title: "Email", width: "minmax(12rem, 2fr)", cell: ({ email }) => <bdi>{email}</bdi> },
  { title: "Role", width: "7rem", cell: ({ role }) => wordOf(UserRoleSchema, role) },
  {
    title: "State",
    width: "8rem",
    cell: ({ active }) => <Status tone={active ? "good" : "even"}>{active ? "active" : "inactive"}</Status>,
  },
  { title: "Last login", width: "9rem", cell: ({ lastLogin }) => <Time at={lastLogin} /> },
  { title: "Created", width: "9rem", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

/** Everybody who may call, for admins. */
export function Page() {
  useTitle("Users");
  const isAdmin = useMay("admin");
  const { query, rows, onEnd, total } = usePages(
    UserService.method.listUsers,
    "users",
    { pageSize: 200 },
    { enabled: isAdmin },
  );
  if (!isAdmin)
    return (
      <>
        <h1>Users</h1>
        <p>Only admins see other users. Your own record and keys are on your account.</p>
      </>
    );
  return (
    <>
      <div className="head">
        <h1>Users</h1>
        <CopyAs
          method={UserService.method.listUsers}
          request={{ pageSize: 200 }}
          ltb={ltbWords("user list")}
        />
      </div>
      <NewUser />
      <Loaded query={query}>
        {() => (
          <VirtualTable
            label="Users"
            columns={columns}
            rows={rows}
            keyOf={({ id }) => id}
            total={total}
            onEnd={onEnd}
            empty={
              <p>
                There is no user. <code>ltb user create</code> makes one.
              </p>
            }
          />
        )}
      </Loaded>
    </>
  );
}

/** The roles that a user can have, with what each may do. */
export const roles = [
  [UserRole.USER, "user: writes its own benchmarks, jobs and keys, reads the rest"],
  [UserRole.VIEWER, "viewer: reads only"],
  [UserRole.WORKER, "worker: for worker processes"],
  [UserRole.ADMIN, "admin: everything"],
] as const;

/** The role that a field of a form says. */
export const roleOf = (value: FormDataEntryValue | null): UserRole =>
  roles.find(([role]) => String(role) === value)?.[0] ?? UserRole.UNSPECIFIED;

function NewUser() {
  const client = useQueryClient();
  const create = useMutation(UserService.method.createUser);
  const [made, setMade] = useState<string>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const password = String(given.get("password") ?? "");
    try {
      const { user } = await create.mutateAsync({
        username: text("username"),
        email: text("email"),
        role: roleOf(given.get("role")),
        ...(password !== "" && { credential: { case: "password" as const, value: password } }),
      });
      setMade(user?.username);
      form.reset();
      await client.invalidateQueries();
    } catch {
      // It is shown below.
    }
  };
  return (
    <details>
      <summary>Add a user</summary>
      <form className="fields" onSubmit={(event) => void submit(event)}>
        <label>
          Name <input name="username" required maxLength={100} autoComplete="off" />
        </label>
        <label>
          Email <input name="email" type="email" required autoComplete="off" />
        </label>
        <label>
          Role{" "}
          <select name="role">
            {roles.map(([role, words]) => (
              <option key={role} value={role}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Password, or none for a user that only has keys{" "}
          <input name="password" type="password" minLength={8} autoComplete="new-password" />
        </label>
        <button type="submit" className="main" disabled={create.isPending}>
          Add
        </button>
      </form>
      {create.error && <ErrorBox error={create.error} />}
      {made && <p role="status">{made} was added.</p>}
    </details>
  );
}
