import { useMutation } from "@connectrpc/connect-query";
import type { FormEvent } from "react";
import type { User } from "../../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";

/** Gives a user another password; of its own the reader has to know the present one. */
export function Password({ user, isOwn }: { user: User; isOwn: boolean }) {
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
      <summary>{isOwn ? "Change the password" : "Give it a password"}</summary>
      <form className="fields" onSubmit={submit}>
        <input type="hidden" name="username" autoComplete="username" value={user.email} />
        {isOwn && (
          <label>
            Password now <input name="current" type="password" autoComplete="current-password" required />
          </label>
        )}
        <label>
          New password, 8 characters or more{" "}
          <input name="new" type="password" minLength={8} autoComplete="new-password" required />
        </label>
        <button type="submit" className="main" disabled={change.isPending}>
          Change
        </button>
      </form>
      {change.error && <ErrorBox error={change.error} />}
      {change.isSuccess && (
        <p role="status">The password is changed, and {isOwn ? "other" : "its"} sessions have ended.</p>
      )}
    </details>
  );
}
