import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { SystemService } from "../../../../gen/ltb/v1/system_service_pb.ts";
import type { ApiKey } from "../../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Status, type Tone } from "../../parts/Status.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { Time } from "../../parts/Time.tsx";
import { lifeOf } from "./expiry.ts";
import { RotateDialog } from "./RotateDialog.tsx";
import { Secret } from "./Secret.tsx";

/** The API keys of a user: made here, shown once, revoked at once. */
export function Keys({ userId }: { userId: string }) {
  const query = useQuery(UserService.method.listApiKeys, { userId, pageSize: 200 });
  const client = useQueryClient();
  const revoke = useMutation(UserService.method.revokeApiKey, {
    onSuccess: () => client.invalidateQueries(),
  });
  const [revoked, askToRevoke] = useState<ApiKey>();
  const [replaced, askToReplace] = useState<ApiKey>();
  const [secret, setSecret] = useState("");
  return (
    <section aria-labelledby="keys">
      <h2 id="keys">API keys</h2>
      <NewKey userId={userId} />
      <Loaded query={query}>
        {({ apiKeys }) =>
          apiKeys.length === 0 ? (
            <div className="empty">There is no key.</div>
          ) : (
            <Table
              label="API keys"
              columns={columnsOf(askToReplace, askToRevoke)}
              rows={apiKeys}
              keyOf={({ id }) => id}
            />
          )
        }
      </Loaded>
      {secret && <Secret secret={secret} />}
      {replaced && (
        <RotateDialog apiKey={replaced} onMade={setSecret} onClose={() => askToReplace(undefined)} />
      )}
      {revoked && (
        <Confirm
          title={`Revoke ${revoked.name || revoked.prefix}?`}
          action="Revoke"
          danger
          onConfirm={() => revoke.mutateAsync({ id: revoked.id })}
          onClose={() => askToRevoke(undefined)}
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

type Take = (key: ApiKey) => void;

const columnsOf = (onReplace: Take, onRevoke: Take): readonly TableColumn<ApiKey>[] => [
  { title: "Name", isName: true, cell: ({ name }) => <bdi>{name || "(no name)"}</bdi> },
  { title: "Begins with", cell: ({ prefix }) => <code>{prefix}</code> },
  { title: "State", cell: stateOf },
  {
    title: "Scopes",
    cell: ({ scopes }) => (scopes.length === 0 ? "all that the role may" : scopes.join(", ")),
  },
  { title: "Last used", cell: (key) => <LastUsed apiKey={key} /> },
  { title: "Expires", cell: ({ expiresAt }) => (expiresAt ? <Time at={expiresAt} /> : "never") },
  {
    title: "Actions",
    head: <span className="hidden">Actions</span>,
    cell: (key) =>
      !key.revokedAt && (
        <span className="nowrap">
          {lifeOf(key) !== "expired" && (
            <button type="button" onClick={() => onReplace(key)}>
              Replace…
            </button>
          )}{" "}
          <button type="button" className="danger" onClick={() => onRevoke(key)}>
            Revoke…
          </button>
        </span>
      ),
  },
];

/** A key that nobody has used for so many milliseconds may be given up. */
const longUnused = 90 * 86_400_000;

function LastUsed({ apiKey: { lastUsed, createdAt } }: { apiKey: ApiKey }) {
  const since = lastUsed ?? createdAt;
  const isLong = since && Date.now() - timestampMs(since) > longUnused;
  return <span className={isLong ? "text-warn" : ""}>{lastUsed ? <Time at={lastUsed} /> : "never"}</span>;
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
      {create.data?.secret && <Secret secret={create.data.secret} />}
    </details>
  );
}
