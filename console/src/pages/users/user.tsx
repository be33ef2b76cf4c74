import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { UserRoleSchema } from "../../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { userClient } from "../../data/clients.ts";
import { hrefOf } from "../../data/links.ts";
import { useMay, useSession } from "../../data/session.ts";
import { useVisited } from "../../data/visited.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Status, wordOf } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { Keys } from "../account/Keys.tsx";
import { Password } from "../account/Password.tsx";
import { roleOf, roles } from "./page.tsx";

/** One user: what it may do, and its keys. */
export function Page() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const query = useQuery(UserService.method.getUser, { key: { case: "id", value: id } });
  const user = query.data?.user;
  useTitle(user?.username ?? "User");
  useVisited("user", user?.username, hrefOf(`/users/${id}`));
  const isAdmin = useMay("admin");
  const own = useSession().data?.user?.id;
  const client = useQueryClient();
  const update = useMutation(UserService.method.updateUser, { onSuccess: () => client.invalidateQueries() });
  const navigate = useNavigate();
  const remove = async () => {
    await userClient.deleteUser({ id });
    await navigate({ to: "/users" });
    await client.invalidateQueries();
  };
  const [asked, ask] = useState(false);
  return (
    <>
      {isAdmin && (
        <p className="soft">
          <Link to="/users" activeOptions={{ exact: true }}>
            Users
          </Link>
        </p>
      )}
      <div className="head">
        <h1>
          <bdi>{user?.username ?? "User"}</bdi>
        </h1>
        <CopyAs
          method={UserService.method.getUser}
          request={{ key: { case: "id", value: id } }}
          ltb={ltbWords("user show", {}, [id])}
        />
      </div>
      <Loaded query={query}>
        {() =>
          user && (
            <>
              <Facts
                rows={[
                  [
                    "State",
                    <Status key="s" tone={user.active ? "good" : "even"}>
                      {user.active ? "active" : "inactive"}
                    </Status>,
                  ],
                  ["Email", <bdi key="e">{user.email}</bdi>],
                  ["Role", wordOf(UserRoleSchema, user.role)],
                  ["Last login", <Time key="l" at={user.lastLogin} />],
                  ["Created", <Time key="c" at={user.createdAt} />],
                  ["Id", <code key="i">{user.id}</code>],
                ]}
              />
              {isAdmin && (
                <div className="actions">
                  <form
                    className="actions"
                    onSubmit={(event) => {
                      event.preventDefault();
                      const role = roleOf(new FormData(event.currentTarget).get("role"));
                      update.mutate({ id, role, expectedVersion: user.version });
                    }}
                  >
                    <label>
                      Role{" "}
                      <select name="role" key={user.role} defaultValue={user.role}>
                        {roles.map(([role, words]) => (
                          <option key={role} value={role}>
                            {words}
                          </option>
                        ))}
                      </select>
                    </label>
                    <button type="submit">Change the role</button>
                  </form>
                  <button
                    type="button"
                    onClick={() => update.mutate({ id, active: !user.active, expectedVersion: user.version })}
                  >
                    {user.active ? "Deactivate" : "Activate"}
                  </button>
                  <button type="button" className="danger" onClick={() => ask(true)}>
                    Delete…
                  </button>
                </div>
              )}
              {update.error && <ErrorBox error={update.error} />}
              {isAdmin && <Password user={user} isOwn={user.id === own} />}
              <Keys userId={id} />
              <p>
                <a href={hrefOf("/audit", { entity: "user", id })}>Changes of this user</a>
              </p>
              <p>
                <a href={hrefOf("/audit", { user: id })}>What {user.username} has changed</a>
              </p>
              {asked && (
                <Confirm
                  title={`Delete ${user.username}?`}
                  action="Delete"
                  danger
                  onConfirm={remove}
                  onClose={() => ask(false)}
                >
                  <p>
                    Its keys and sessions end at once. What it made stays, and so do its entries in the audit
                    trail.
                  </p>
                </Confirm>
              )}
            </>
          )
        }
      </Loaded>
    </>
  );
}
