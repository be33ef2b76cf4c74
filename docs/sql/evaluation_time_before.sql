-- evaluation_time_before
select
  now() - make_interval(days => $1) as before;
-- $1 = 30
