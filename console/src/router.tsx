import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { loadFile } from "./data/loadFile.ts";
import { readSearch, writeSearch } from "./data/search.ts";
import { Frame } from "./frame/Frame.tsx";
import { NotFound } from "./frame/NotFound.tsx";
import { askOverview } from "./pages/overview/asked.ts";
import { PageError } from "./parts/ErrorBox.tsx";

// Each page is a file of its own, loaded when it is opened; one is asked for with its data.

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

const page = <const Path extends string>(
  path: Path,
  load: () => Promise<{ Page: React.ComponentType }>,
  loader?: () => Promise<void>,
) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(() => loadFile(load), "Page"),
    loader,
  });

const routeTree = root.addChildren([
  page("/", () => import("./pages/overview/page.tsx"), askOverview),
  page("/benchmarks", () => import("./pages/benchmarks/page.tsx")),
  page("/benchmarks/$id", () => import("./pages/benchmark/page.tsx")),
  page("/benchmarks/$id/samples", () => import("./pages/samples/page.tsx")),
  page("/benchmarks/$id/samples/$evaluation", () => import("./pages/sample/page.tsx")),
  page("/s/$benchmark/$sample/$repetition", () => import("./pages/lasting/page.tsx")),
  page("/leaderboards", () => import("./pages/leaderboards/page.tsx")),
  page("/leaderboards/$dataset", () => import("./pages/leaderboards/board.tsx")),
  page("/compare", () => import("./pages/compare/page.tsx")),
  page("/jobs", () => import("./pages/jobs/page.tsx")),
  page("/jobs/$id", () => import("./pages/jobs/job/page.tsx")),
  page("/queue", () => import("./pages/queue/page.tsx")),
  page("/workers", () => import("./pages/workers/page.tsx")),
  page("/workers/$id", () => import("./pages/workers/worker/page.tsx")),
  page("/audit", () => import("./pages/audit/page.tsx")),
  page("/audit/verify", () => import("./pages/audit/verify.tsx")),
  page("/audit/$id", () => import("./pages/audit/entry.tsx")),
  page("/users", () => import("./pages/users/page.tsx")),
  page("/users/$id", () => import("./pages/users/user.tsx")),
  page("/account", () => import("./pages/account/page.tsx")),
  page("/go/$id", () => import("./pages/go/page.tsx")),
  page("/system", () => import("./pages/system/page.tsx")),
]);

export const router = createRouter({
  routeTree,
  basepath: "/console",
  defaultPreload: "intent",
  defaultErrorComponent: PageError,
  scrollRestoration: true,
  parseSearch: readSearch,
  stringifySearch: writeSearch,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
