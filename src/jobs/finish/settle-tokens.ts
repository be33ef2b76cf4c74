import { type Fragment, sql } from "../../database/statement/sql.ts";

// A minute of a limit counts the tokens that jobs were estimated to use when they started. Once an attempt
// tells what it used, the difference is added: what it used beyond its estimate counts from now on, for a
// minute, and what it left counts no longer for the rest of the minute that began with its start.

/** An end of a lease that may tell how many tokens the attempt used. */
export interface Usage {
  tokensUsed?: number | null | undefined;
}

/** The column of a table of items that may tell it. */
export const usageColumns = { tokensUsed: "int4" } as const;

/** Whether any of the items tells it; statements for those that do not are spared the settling. */
export const tellsUsage = (items: readonly Usage[]): boolean =>
  items.some(({ tokensUsed }) => typeof tokensUsed === "number");

/**
 * CTEs that settle the attempts in `ended` (limit_key, tokens, tokens_used, claimed_at) with their limits,
 * after `clock`. A limit that is just being deleted is waited for; the others are locked against that.
 */
export const settledTokens: Fragment = sql.fragment`
  settled_limit as materialized (
    select limit_key from job_limits
    where tokens_per_minute is not null
      and limit_key in (select limit_key from ended where tokens_used is not null)
    order by limit_key for key share
  ), settled as (
    insert into job_limit_starts (limit_key, started_at, started, tokens)
    select limit_key, case when difference > 0 then clock.at else claimed_at end, 0, difference
    from (
      select limit_key, claimed_at, tokens_used - tokens as difference
      from ended where limit_key in (select limit_key from settled_limit)
    ) used, clock
    where difference > 0 or (difference < 0 and claimed_at > clock.at - interval '1 minute')
  )`;
