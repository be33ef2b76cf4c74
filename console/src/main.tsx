import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followLinks } from "./data/links.ts";
import { queryClient } from "./data/queries.ts";
import { askEarly, waitForSession } from "./data/session.ts";
import { transport } from "./data/transport.ts";
import { applyTheme } from "./frame/theme.ts";
import { router } from "./router.tsx";

askEarly();
applyTheme();
// Where most begin, the page and what it asks are on their way while the frame is drawn.
if (router.latestLocation.pathname === "/") void router.preloadRoute({ to: "/" });
followLinks(router);

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
await waitForSession();
createRoot(root).render(
  <StrictMode>
    <TransportProvider transport={transport}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </TransportProvider>
  </StrictMode>,
);
