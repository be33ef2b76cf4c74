import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { isSignedOut } from "../data/queries.ts";
import { useConfig, useSession } from "../data/session.ts";
import { ErrorBox } from "../parts/ErrorBox.tsx";
import { AccountMenu } from "./AccountMenu.tsx";
import { LiveButton } from "./LiveButton.tsx";
import { type Overlay, Overlays } from "./Overlays.tsx";
import { SignInDialog, SignInPage } from "./SignIn.tsx";
import { sections } from "./sections.ts";

/** What surrounds every page: who is signed in, the way to the other pages, and whether the page is live. */
export function Frame() {
  const config = useConfig();
  const session = useSession();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const sectionBar = useRef<HTMLElement>(null);
  const known = useRef(false);
  const [overlay, show] = useState<Overlay>();
  if (session.data) known.current = true;
  // Whoever listens to the page hears of a new one.
  useEffect(() => main.current?.focus({ preventScroll: true }), [pathname]);

  // In a narrow window the sections stand in a row that is longer than the window.
  useEffect(() => {
    const bar = sectionBar.current;
    const current = bar?.querySelector<HTMLElement>("[aria-current]");
    if (bar && current) bar.scrollLeft = current.offsetLeft - (bar.clientWidth - current.offsetWidth) / 2;
  });

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
      {config.data?.auth === "off" && (
        <p className="banner bad">Authentication is off: whoever reaches this address may do everything.</p>
      )}
      {config.data?.secure === false && (
        <p className="banner bad">This connection is not encrypted: others on the network can read it.</p>
      )}
      <nav ref={sectionBar} className="sections" aria-label="Sections">
        <ul>
          {sections.map(({ name, to, begins }) => (
            <li key={to} className={begins ? "begins" : undefined}>
              <Link to={to} activeOptions={{ exact: to === "/" }} activeProps={{ "aria-current": "page" }}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <Outlet />
      </main>
      <Overlays shown={overlay} show={show} />
      {isSignedOut(session.error) && <SignInDialog />}
    </div>
  );
}
