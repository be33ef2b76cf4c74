import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type User, UserRoleSchema } from "../../../gen/ltb/v1/user_pb.ts";
import { signOut } from "../data/session.ts";
import { keysAreOn, switchKeys } from "../keys/setting.ts";
import { wordOf } from "../parts/Status.tsx";
import { applyTheme, type Theme, theme } from "./theme.ts";

export function AccountMenu({ user, onKeys }: { user: User | undefined; onKeys: () => void }) {
  const [chosen, choose] = useState(theme);
  return (
    <details className="menu">
      <summary>{user ? user.username : "Settings"}</summary>
      <div className="sheet">
        {user && (
          <p className="soft">
            Signed in as {user.username}, role {wordOf(UserRoleSchema, user.role)}
          </p>
        )}
        {user && <Link to="/account">Account and keys</Link>}
        <label>
          Theme{" "}
          <select
            value={chosen}
            onChange={({ target }) => {
              choose(target.value as Theme);
              applyTheme(target.value as Theme);
            }}
          >
            <option value="system">as the system</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            defaultChecked={keysAreOn()}
            onChange={({ target }) => switchKeys(target.checked)}
          />{" "}
          Single keys, as <kbd>]</kbd> for the next sample
        </label>
        <button type="button" onClick={onKeys}>
          All keys <kbd>?</kbd>
        </button>
        {user && (
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
      </div>
    </details>
  );
}
