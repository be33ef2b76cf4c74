import { Code, ConnectError } from "@connectrpc/connect";
import { createQueryOptions } from "@connectrpc/connect-query";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { UserRole } from "../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../gen/ltb/v1/user_service_pb.ts";
import { queryClient } from "./queries.ts";
import { failUnanswered, transport } from "./transport.ts";

/** Where `visited.ts` keeps what the reader has looked at. */
export const visited = "ltb.visited";

/** What the service tells everybody about the console. */
interface ConsoleConfig {
  auth: "required" | "off";
  /** False: what is typed here crosses a network in clear text. */
  secure: boolean;
  /** Where the service speaks gRPC, on the host of this page. */
  grpc: { port: number; tls: boolean };
}

const config = queryOptions({
  queryKey: ["console", "config"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async (): Promise<ConsoleConfig> => {
    const answer = await fetch("/console/config").catch(failUnanswered);
    if (answer.ok) return answer.json();
    // What stands before the service says that nobody is behind it.
    const code = [502, 503, 504].includes(answer.status) ? Code.Unavailable : Code.Unknown;
    throw new ConnectError(`the service answered ${answer.status} to /console/config`, code);
  },
});

export const useConfig = () => useQuery(config);

/** Who is signed in. Without authentication an answer has no user. */
const session = {
  ...createQueryOptions(UserService.method.whoAmI, {}, { transport }),
  staleTime: 60_000,
  retry: retryUnlessRefused,
};

export const useSession = () => useQuery(session);

/** Asks what every page needs to know, before there is one. */
export function askEarly(): void {
  void queryClient.prefetchQuery(session);
  void queryClient.prefetchQuery(config);
}

/** Waits until there is something to draw, or half a second: the page then says that it loads. */
export function waitForSession(): Promise<unknown> {
  return Promise.race([isKnown(), new Promise((resolve) => setTimeout(resolve, 500))]);
}

/** Whether the service knows whoever looks at the page, or asks nobody who he is. */
export function isKnown(): Promise<boolean> {
  return queryClient.ensureQueryData(session).then(
    () => true,
    () => false,
  );
}

const refused = new Set([Code.Unauthenticated, Code.PermissionDenied]);

function retryUnlessRefused(count: number, error: unknown): boolean {
  return count < 3 && !refused.has(ConnectError.from(error).code);
}

export type SignIn = { email: string; password: string } | { api_key: string } | { code: string };

/** Exchanges a proof for the cookie of a session. @throws ConnectError as the service said it */
export async function signIn(proof: SignIn): Promise<void> {
  await askSession({ method: "POST", body: JSON.stringify(proof) });
  await queryClient.resetQueries();
}

/** Ends the session, and leaves nothing of what the page knew. */
export async function signOut(): Promise<void> {
  await askSession({ method: "DELETE" });
  localStorage.removeItem(visited);
  window.location.replace("/console/");
}

async function askSession(init: RequestInit): Promise<void> {
  const answer = await fetch("/console/session", {
    ...init,
    headers: { "content-type": "application/json" },
  }).catch(failUnanswered);
  if (answer.ok) return;
  const said: { message?: string } = await answer.json().catch(() => ({}));
  const code = answer.status === 401 ? Code.Unauthenticated : Code.Unknown;
  throw new ConnectError(said.message ?? `the service answered ${answer.status}`, code);
}

/** Whether the signed-in user may do what takes this role. The service decides; it hides what is refused. */
export function useMay(role: "user" | "admin"): boolean {
  const { data } = useSession();
  const own = data?.user?.role;
  if (data && !data.user) return true;
  return own === UserRole.ADMIN || (role === "user" && own === UserRole.USER);
}

/** Whether the signed-in user may change what a user with this id has made. */
export function useMayChange(): (createdBy: string) => boolean {
  const { data } = useSession();
  const admin = useMay("admin");
  const user = useMay("user");
  return (createdBy) => admin || (user && createdBy !== "" && createdBy === data?.user?.id);
}
