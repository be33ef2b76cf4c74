import { Code, ConnectError } from "@connectrpc/connect";
import { QueryClient } from "@tanstack/react-query";

/** Calls that may go better the next time. */
const passing = new Set([Code.Unavailable, Code.ResourceExhausted, Code.Aborted]);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < 3 && passing.has(ConnectError.from(error).code),
      retryDelay: (count) => Math.min(1_000 * 2 ** count, 10_000) * (0.5 + Math.random() / 2),
    },
  },
});
