-- Up Migration

-- Who made the key: not always the user it acts as.
alter table api_keys add column created_by uuid;

-- What slows down the guessing of passwords, on all servers together. One row for each account and address with it, for each
-- account and for each address that attempts were made with lately; the key is a hash of those, because people type passwords
-- into the wrong field.
create table login_attempts (
  key bytea primary key,
  last_attempt timestamptz not null default now(),
  -- Attempts before this time are refused.
  next_attempt timestamptz not null default now(),
  -- Of an account and address: when they last went together with the right password.
  succeeded_at timestamptz,
  failures integer not null default 0,
  constraint login_attempts_key_length check (octet_length(key) = 16),
  constraint login_attempts_failures_not_negative check (failures >= 0)
);
create index idx_login_attempts_last_attempt on login_attempts (last_attempt);

-- Down Migration

drop table login_attempts;
alter table api_keys drop column created_by;
