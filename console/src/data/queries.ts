import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import { type InfiniteData, MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { UserService } from "../../../gen/ltb/v1/user_service_pb.ts";

/** Errors of calls that may go better the next time. */
const passing = new Set([Code.Unavailable, Code.ResourceExhausted, Code.Aborted]);

const isPassing = (error: unknown): boolean => error !== null && passing.has(ConnectError.from(error).code);

/** What was given up though it may go better is asked again after so many milliseconds, or never. */
export function againAfter(error: unknown): number | false {
  return isPassing(error) && 5_000;
}

export const isSignedOut = (error: unknown): boolean =>
  error !== null && error !== undefined && ConnectError.from(error).code === Code.Unauthenticated;

// Whichever call is refused first, the page then asks who is signed in, and the frame shows that nobody is.
const session = createConnectQueryKey({ schema: UserService.method.whoAmI, cardinality: "finite" });
const onError = (error: unknown): void => {
  const known = queryClient.getQueryCache().find({ queryKey: session, exact: false });
  if (isSignedOut(error) && known?.state.status === "success")
    void queryClient.invalidateQueries({ queryKey: session });
};

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // A service on this machine answers without a network too, and what does not answer is said as it is.
      networkMode: "always",
      retry: (count, error) => count < 3 && isPassing(error),
      retryDelay: (count) => Math.min(1_000 * 2 ** count, 10_000) * (0.5 + Math.random() / 2),
      refetchInterval: ({ state: { error } }) => againAfter(error),
    },
    mutations: { networkMode: "always" },
  },
});

/** Asks everything anew that the page shows of a service, after it was changed. */
export function askAgain(schema: DescService): Promise<void> {
  return queryClient.invalidateQueries({
    queryKey: createConnectQueryKey({ schema, cardinality: undefined }),
  });
}

/** Leaves of the lists of a method their first pages, which are asked anew. */
export function askFirstPage(schema: DescMethodUnary): Promise<void> {
  const queryKey = createConnectQueryKey({ schema, cardinality: "infinite" });
  queryClient.setQueriesData<InfiniteData<unknown>>(
    { queryKey },
    (list) => list && { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) },
  );
  return queryClient.invalidateQueries({ queryKey });
}
