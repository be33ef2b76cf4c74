import { UserRoleSchema } from "../../../../gen/ltb/v1/user_pb.ts";
import { useSession } from "../../data/session.ts";
import { Facts } from "../../parts/Facts.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { wordOf } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { Keys } from "./Keys.tsx";
import { Password } from "./Password.tsx";

/** Who is signed in, its password and its keys. */
export function Page() {
  useTitle("Account");
  const session = useSession();
  return (
    <>
      <h1>Account</h1>
      <Loaded query={session}>
        {({ user, apiKey, expiresAt }) =>
          user ? (
            <>
              <Facts
                rows={[
                  ["Name", <bdi key="n">{user.username}</bdi>],
                  ["Email", <bdi key="e">{user.email}</bdi>],
                  ["Role", wordOf(UserRoleSchema, user.role)],
                  [
                    "Signed in by",
                    apiKey ? <bdi key="k">{`API key ${apiKey.name || apiKey.prefix}`}</bdi> : "a session",
                  ],
                  ["Until", expiresAt && <Time key="t" at={expiresAt} />],
                ]}
              />
              <Password user={user} isOwn />
              <Keys userId={user.id} />
            </>
          ) : (
            <p>Authentication is off, so nobody is signed in.</p>
          )
        }
      </Loaded>
    </>
  );
}
