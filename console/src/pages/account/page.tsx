import { useMutation } from "@connectrpc/connect-query";
import type { FormEvent } from "react";
import { type User, UserRoleSchema } from "../../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { useSession } from "../../data/session.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { wordOf } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { Keys } from "./Keys.tsx";

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
              <Password user={user} />
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

function Password({ user }: { user: User }) {
  const change = useMutation(UserService.method.changePassword);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    change.mutate(
      {
        id: user.id,
        currentPassword: String(given.get("current") ?? ""),
        newPassword: String(given.get("new") ?? ""),
      },
      { onSuccess: () => form.reset() },
    );
  };
  return (
    <details>
      <summary>Change the password</summary>
      <form className="fields" onSubmit={submit}>
        <input type="hidden" name="username" autoComplete="username" value={user.email} />
        <label>
          Password now <input name="current" type="password" autoComplete="current-password" required />
        </label>
        <label>
          New password, 8 characters or more{" "}
          <input name="new" type="password" minLength={8} autoComplete="new-password" required />
        </label>
        <button type="submit" className="main" disabled={change.isPending}>
          Change
        </button>
      </form>
      {change.error && <ErrorBox error={change.error} />}
      {change.isSuccess && <p role="status">The password is changed, and other sessions have ended.</p>}
    </details>
  );
}
