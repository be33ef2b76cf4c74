import { type Fragment, fragmentOf, sql } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";

// Jobs of different keys take turns by start-time fair queueing (Goyal, Vin and Cheng: Start-time Fair
// Queuing, SIGCOMM 1996). A job's turn is settled as it is put into line: that after the last of its key, but
// none that is over. The turn of the job that stands first is the time of the line. So a claim reads the
// heads of the lanes by an index, as without keys, and what keys there are or were costs it nothing.
//
// A line is the jobs of one priority in one lane, because a lane may be at its limit, paused, or without
// workers while others go on. A line that was empty goes on with the last turn that was given there. It does
// not begin before the other lines of its job type and priority, nor behind the last of these: so a key that
// is new in a lane is as well off as in theirs.

/** The order in which the jobs of a lane start. */
export const lineOrder = fragmentOf("priority desc, turn, sequence");

/** A select of the turn of the job that is the first of a line to start; none where nobody takes turns. */
export const firstTurn = (lane: Fragment, priority: Fragment): Fragment => sql.fragment`
  select turn from job_ready
  where lane_id = ${lane} and priority = ${priority} and turn > 0 order by turn, sequence limit 1`;

/** A select of the row (tid, next_turn) with the last turn that was given in a line. */
export const lastTurn = (lane: Fragment, priority: Fragment): Fragment => sql.fragment`
  select ctid as tid, next_turn from job_fair_turns
  where lane_id = ${lane} and priority = ${priority} order by next_turn desc limit 1`;

interface Turning {
  /** The order among jobs of one key. */
  order: Fragment;
  /** Which of the jobs `j` are put into line. Default: all */
  when?: Fragment | undefined;
  /**
   * Which of the jobs `j` have started before and keep their places: they stand with the first of their line,
   * and take no turn of their key. Default: none
   */
  keeps?: Fragment | undefined;
}

// All rows of the full joins have their like on the other side. Unlike others they are never done by nested
// loops, which read a thousand rows a thousand times where the planner expects ten.
/**
 * The CTE `turn` (id, turn) of those of the jobs (id, lane_id, priority, job_type, fair_key, fair_weight)
 * that take turns: all that have a key, and those without one in lanes where others had, as if they had a key
 * in common. The rows of keys are locked in their order, and last of all that creations lock.
 */
export const takenTurns = (
  jobs: string,
  { order, when = sql.fragment`true`, keeps = sql.fragment`false` }: Turning,
): Fragment => sql.fragment`
  turning as materialized (
    select *, sum(step) over (
      partition by lane_id, priority, fair_key, keeps order by ${order} rows unbounded preceding
    )::bigint - step as before
    from (
      select j.id, j.lane_id, j.priority, j.job_type, coalesce(j.fair_key, '') as fair_key,
        round(1000000 / j.fair_weight)::bigint as step, ${keeps} as keeps, ${order}
      from ${fragmentOf(jobs)} j left join job_lanes lane on lane.id = j.lane_id
      where (j.fair_key is not null or lane.fair) and ${when}
    ) j
  ), line as materialized (
    select lane_id, priority, job_type, (${firstTurn(sql.fragment`own.lane_id`, sql.fragment`own.priority`)}) as first
    from (select distinct lane_id, priority, job_type from turning) own
  ), type_line as materialized (
    select own.job_type, own.priority, min(head.turn) as first
    from (select distinct job_type, priority from line where first is null) own
    cross join lateral (
      select id from job_lanes lane where lane.fair and lane.job_type = own.job_type
      order by number desc limit ${limits.fairLanesRead}
    ) lane
    cross join lateral (${firstTurn(sql.fragment`lane.id`, sql.fragment`own.priority`)}) head
    group by own.job_type, own.priority
  ), line_time as materialized (
    select line.lane_id, line.priority, coalesce(line.first, greatest(
      (select next_turn from (
        ${lastTurn(sql.fragment`line.lane_id`, sql.fragment`line.priority`)}
      ) last),
      (
        select other.first from type_line other
        where other.job_type = line.job_type and other.priority = line.priority
      )
    ), 1) as now_turn
    from line
  ), key_turn as (
    insert into job_fair_turns as known (lane_id, priority, fair_key, next_turn, step)
    select lane_id, priority, fair_key, now_turn + sum(step), sum(step)
    from turning join line_time using (lane_id, priority)
    where not keeps group by lane_id, priority, fair_key, now_turn order by lane_id, priority, fair_key
    on conflict (lane_id, priority, fair_key) do update
    set next_turn = greatest(known.next_turn + excluded.step, excluded.next_turn), step = excluded.step
    returning lane_id, priority, fair_key, next_turn - step as first
  ), turn as materialized (
    select turning.id, case when keeps then now_turn else key_turn.first + before end as turn
    from turning full join line_time using (lane_id, priority)
    full join key_turn using (lane_id, priority, fair_key)
  )`;

/**
 * Gives back the turns of jobs (job_id, lane_id, priority, turn) that leave the line without a start, so that
 * whoever has cancelled a hundred thousand jobs does not wait for as many rounds with those created instead.
 */
export const turnsGivenBack = (jobs: string): Fragment => sql.fragment`
  left_turn as materialized (
    select line.lane_id, line.priority, coalesce(j.fair_key, '') as fair_key,
      sum(round(1000000 / j.fair_weight))::bigint as step
    from ${fragmentOf(jobs)} line join jobs j on j.id = line.job_id
    -- One that has started before stands in line without a turn of its own.
    where line.turn > 0 and j.epoch = 0 group by 1, 2, 3
  ), locked_turn as materialized (
    select known.lane_id, known.priority, known.fair_key, left_turn.step
    from job_fair_turns known join left_turn using (lane_id, priority, fair_key)
    order by known.lane_id, known.priority, known.fair_key for update of known
  ), given_back as (
    update job_fair_turns known set next_turn = known.next_turn - locked_turn.step
    from locked_turn
    where known.lane_id = locked_turn.lane_id and known.priority = locked_turn.priority
      and known.fair_key = locked_turn.fair_key
  )`;
