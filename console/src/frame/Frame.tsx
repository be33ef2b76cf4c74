import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { isSignedOut } from "../data/queries.ts";
import { useSilentSince } from "../data/reach.ts";
import { useConfig, useSession } from "../data/session.ts";
import { ErrorBox } from "../parts/ErrorBox.tsx";
import { Time } from "../parts/Time.tsx";
import { AccountMenu } from "./AccountMenu.tsx";
import { LiveButton } from "./LiveButton.tsx";
import { type Overlay, Overlays } from "./Overlays.tsx";
import { SectionBar } from "./SectionBar.tsx";
import { SignInDialog, SignInPage } from "./SignIn.tsx";

/** Says that the service does not answer, and since when. */
function Silence() {
  const since = useSilentSince();
  if (since === undefined) return null;
  return (
    <p role="status" className="banner bad">
      The service does not answer. What is shown is as it was <Time at={timestampFromMs(since)} />; the page
      goes on by itself.
    </p>
  );
}

/** What surrounds every page: who is signed in, the way to the other pages, and whether the page is live. */
export function Frame() {
  const config = useConfig();
  const session = useSession();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const known = useRef(false);
  const [overlay, show] = useState<Overlay>();
  if (session.data) known.current = true;
  // Whoever listens to the page hears of a new one.
  useEffect(() => main.current?.focus({ preventScroll: true }), [pathname]);

  if (isSignedOut(session.error) && !known.current) return <SignInPage />;
  if (session.isPending)
    return (
      <p className="alone" role="status">
        Loading…
      </p>
    );
  if (session.error && !session.data && !isSignedOut(session.error))
    return <ErrorBox error={session.error} onRetry={() => session.refetch()} />;
  return (
    <div className="frame">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="bar">
        <Link to="/" className="brand">
          LLM Test Bench
        </Link>
        <button
          type="button"
          className="seek"
          aria-keyshortcuts="Control+k Meta+k"
          onClick={() => show("palette")}
        >
          Go to… <kbd>Ctrl k</kbd>
        </button>
        <LiveButton />
        <AccountMenu user={session.data?.user} onKeys={() => show("keys")} />
      </header>
      <div className="banners">
        {config.data?.auth === "off" && (
          <p className="banner bad">Authentication is off: whoever reaches this address may do everything.</p>
        )}
        {config.data?.secure === false && (
          <p className="banner bad">This connection is not encrypted: others on the network can read it.</p>
        )}
        <Silence />
      </div>
      <SectionBar />
      <main id="main" ref={main} tabIndex={-1}>
        <Outlet />
      </main>
      <Overlays shown={overlay} show={show} />
      {isSignedOut(session.error) && <SignInDialog />}
    </div>
  );
}
