-- evaluation_in_index_order
select
  set_config('enable_sort', 'off', true) as value;
