import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { SystemService } from "../../../../gen/ltb/v1/system_service_pb.ts";
import type { ApiKey } from "../../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { CopyText } from "../../parts/CopyText.tsx";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Scroll } from "../../parts/Scroll.tsx";
import { Status, type Tone } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { lifeOf } from "./expiry.ts";

/** The API keys of a user: made here, shown once, revoked at once. */
export function Keys({ userId }: { userId: string }) {
  const query = useQuery(UserService.method.listApiKeys, { userId, pageSize: 200 });
  const client = useQueryClient();
  const revoke = useMutation(UserService.method.revokeApiKey, {
    onSuccess: () => client.invalidateQueries(),
  });
  const [asked, ask] = useState<ApiKey>();
  return (
    <section aria-labelledby="keys">
      <h2 id="keys">API keys</h2>
      <NewKey userId={userId} />
      <Loaded query={query}>
        {({ apiKeys }) =>
          apiKeys.length === 0 ? (
            <div className="empty">There is no key.</div>
          ) : (
            <Scroll label="API keys">
              <table className="table">
                <thead>
                  <tr>
                    {["Name", "Begins with", "State", "Scopes", "Last used", "Expires", ""].map((title) => (
                      <th scope="col" key={title}>
                        {title || <span className="hidden">Actions</span>}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {apiKeys.map((key) => (
                    <tr key={key.id}>
                      <th scope="row">
                        <bdi>{key.name || "(no name)"}</bdi>
                      </th>
                      <td>
                        <code>{key.prefix}</code>
                      </td>
                      <td>{stateOf(key)}</td>
                      <td>{key.scopes.length === 0 ? "all that the role may" : key.scopes.join(", ")}</td>
                      <td>{key.lastUsed ? <Time at={key.lastUsed} /> : "never"}</td>
                      <td>{key.expiresAt ? <Time at={key.expiresAt} /> : "never"}</td>
                      <td>
                        {!key.revokedAt && (
                          <button type="button" className="danger" onClick={() => ask(key)}>
                            Revoke
                          </button>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </Loaded>
      {asked && (
        <Confirm
          title={`Revoke ${asked.name || asked.prefix}?`}
          action="Revoke"
          danger
          onConfirm={() => revoke.mutateAsync({ id: asked.id })}
          onClose={() => ask(undefined)}
        >
          <p>
            Whoever calls with it is refused within a second, also in a call that is under way. It cannot be
            taken back.
          </p>
        </Confirm>
      )}
    </section>
  );
}

const states: Record<ReturnType<typeof lifeOf>, readonly [Tone, string]> = {
  revoked: ["even", "revoked"],
  expired: ["even", "expired"],
  "ends soon": ["warn", "expires soon"],
  active: ["good", "active"],
};

function stateOf(key: ApiKey) {
  const [tone, words] = states[lifeOf(key)];
  return <Status tone={tone}>{words}</Status>;
}

function NewKey({ userId }: { userId: string }) {
  const client = useQueryClient();
  const { data } = useQuery(SystemService.method.getInfo, {}, { staleTime: 600_000 });
  const create = useMutation(UserService.method.createApiKey);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const days = Number(given.get("days"));
    try {
      await create.mutateAsync({
        userId,
        name: String(given.get("name") ?? "").trim(),
        scopes: given.getAll("scope").map(String),
        ...(days > 0 && { expiresIn: { seconds: BigInt(days * 86_400) } }),
      });
      form.reset();
      await client.invalidateQueries();
    } catch {
      // It is shown below.
    }
  };
  return (
    <details>
      <summary>Make a key</summary>
      <form className="fields" onSubmit={(event) => void submit(event)}>
        <label>
          Name <input name="name" required maxLength={100} autoComplete="off" />
        </label>
        <label>
          Good for … days, or for good <input name="days" type="number" min="1" max="3650" />
        </label>
        <fieldset>
          <legend>Scopes; none chosen: all that the role may</legend>
          {data?.scopes.map((scope) => (
            <label key={scope} className="scope">
              <input type="checkbox" name="scope" value={scope} /> {scope}
            </label>
          ))}
        </fieldset>
        <button type="submit" className="main" disabled={create.isPending}>
          Make
        </button>
      </form>
      {create.error && <ErrorBox error={create.error} />}
      {create.data?.secret && (
        <div role="status" className="once">
          <p>This is shown once. Keep it where others do not see it.</p>
          <CopyText label="The key" text={create.data.secret} />
          <CopyText label="For the command line" text={`export LTB_API_KEY=${create.data.secret}`} />
        </div>
      )}
    </details>
  );
}
