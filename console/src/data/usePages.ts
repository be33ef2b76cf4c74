import type { DescMethodUnary, Message, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { ConnectError } from "@connectrpc/connect";
import { type UseInfiniteQueryOptions, useInfiniteQuery } from "@connectrpc/connect-query";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { useInterval } from "./live.ts";
import { againAfter } from "./queries.ts";

type Asked = GenMessage<Message & { pageToken: string }>;
type Answered = GenMessage<Message & { nextPageToken: string }>;

interface Options
  extends Pick<
    UseInfiniteQueryOptions<Asked, Answered, "pageToken">,
    "enabled" | "staleTime" | "retry" | "refetchOnWindowFocus" | "placeholderData"
  > {
  /**
   * The list is asked anew after so many milliseconds for each page that is loaded, as all of them are asked
   * for then. Default: never
   */
  every?: number;
  /** Only while there is no row, so that none is moved. */
  whileEmpty?: boolean;
}

/**
 * A list that is read page by page, as far as the reader scrolls.
 * @param field of an answer that has its rows
 */
export function usePages<I extends Asked, O extends Answered, Field extends keyof MessageShape<O>>(
  method: DescMethodUnary<I, O>,
  field: Field,
  request: MessageInitShape<I>,
  { every = 0, whileEmpty = false, ...options }: Options = {},
) {
  type Page = MessageShape<O>;
  type Row = Page[Field] extends readonly (infer Each)[] ? Each : never;
  const interval = useInterval(every);
  // The types of connect-query find no name of a page's token in a message that is not known yet.
  const query = useInfiniteQuery(
    method as unknown as DescMethodUnary<Asked, Answered>,
    { ...request, pageToken: "" },
    {
      ...options,
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      refetchInterval: ({ state: { data, error, fetchMeta } }) => {
        const { pages } = (data ?? { pages: [] }) as Pick<InfiniteData<Page>, "pages">;
        const rests = whileEmpty && pages.some((page) => (page[field] as readonly Row[]).length > 0);
        if (!rests && interval) return interval * Math.max(1, pages.length);
        // A next page that failed is asked for alone, as below.
        return !fetchMeta?.fetchMore && againAfter(error);
      },
    },
  ) as UseInfiniteQueryResult<InfiniteData<Page>, ConnectError>;
  const { data, error, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query;
  const rows = useMemo(
    () => data?.pages.flatMap((page) => page[field] as readonly Row[]) ?? [],
    [data, field],
  );
  // Who scrolls on before the page has heard that one is on its way would ask for it a second time.
  const more = useCallback(() => void fetchNextPage({ cancelRefetch: false }), [fetchNextPage]);
  // To ask for the list anew would ask for all pages before the one that failed, whose rows may have moved.
  const again = isFetchNextPageError && !isFetching && againAfter(error);
  useEffect(() => {
    if (again === false) return;
    const timer = setTimeout(more, again);
    return () => clearTimeout(timer);
  }, [again, more]);
  return {
    /** As it was asked, but what asks again for a next page that failed asks for that page alone. */
    query: isFetchNextPageError ? { ...query, refetch: more } : query,
    rows,
    /**
     * Asks for the next page; undefined without one, while one is on its way, which would begin anew, and
     * where it failed, which is asked for again after a pause or by the reader.
     */
    onEnd: hasNextPage && !isFetching && !isFetchNextPageError ? more : undefined,
    /** How many rows there are in all; undefined while more than those are loaded. */
    total: hasNextPage ? undefined : rows.length,
  };
}
