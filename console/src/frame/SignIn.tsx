import { ConnectError } from "@connectrpc/connect";
import { type FormEvent, useEffect, useState } from "react";
import { type SignIn, signIn, useConfig } from "../data/session.ts";
import { useModal } from "../parts/useModal.ts";

/** The page for whoever is not signed in. */
export function SignInPage() {
  return (
    <main className="sign-in">
      <h1>LLM Test Bench</h1>
      <SignInForm />
    </main>
  );
}

/** Asks again over the page, which keeps what it shows, when a session has ended. */
export function SignInDialog() {
  const dialog = useModal();
  return (
    <dialog
      ref={dialog}
      className="sign-in"
      aria-labelledby="signed-out"
      onCancel={(event) => event.preventDefault()}
    >
      <h2 id="signed-out">Your session has ended</h2>
      <SignInForm />
    </dialog>
  );
}

function SignInForm() {
  const config = useConfig();
  const [by, setBy] = useState<"password" | "key">("password");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);

  const attempt = async (proof: SignIn) => {
    setBusy(true);
    setFailure(undefined);
    await signIn(proof).catch((error: unknown) => setFailure(ConnectError.from(error).rawMessage));
    setBusy(false);
  };
  // A link that the service printed has a code behind `#`, which no server or log sees.
  useEffect(() => {
    const code = new URLSearchParams(window.location.hash.slice(1)).get("code");
    if (!code) return;
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    void attempt({ code });
  }, []);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    void attempt(
      by === "key"
        ? { api_key: text("key") }
        : { email: text("email"), password: String(form.get("password")) },
    );
  };
  return (
    <form onSubmit={submit}>
      {config.data?.secure === false && (
        <p className="banner bad">
          This connection is not encrypted: others on the network can read what you type.
        </p>
      )}
      <fieldset className="choice">
        <legend>Sign in with</legend>
        <label>
          <input type="radio" name="by" checked={by === "password"} onChange={() => setBy("password")} />{" "}
          password
        </label>
        <label>
          <input type="radio" name="by" checked={by === "key"} onChange={() => setBy("key")} /> API key
        </label>
      </fieldset>
      {by === "password" ? (
        <>
          <label>
            Email <input name="email" type="email" autoComplete="username" required />
          </label>
          <label>
            Password <input name="password" type="password" autoComplete="current-password" required />
          </label>
        </>
      ) : (
        <label>
          API key <input name="key" type="password" autoComplete="off" placeholder="ltb_…" required />
        </label>
      )}
      {failure && (
        <p role="alert" className="failure">
          {failure}
        </p>
      )}
      <button type="submit" className="main" disabled={busy}>
        {busy ? "Signing in…" : "Sign in"}
      </button>
      <p className="soft">
        No password yet? <code>ltb console</code> prints a link that signs you in.
      </p>
    </form>
  );
}
