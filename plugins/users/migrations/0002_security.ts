import type { Knex } from 'knex'

/**
 * Counted attempts, links and half-done logins, second factors; and the guard that no site loses its last
 * administrator, by whatever door.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The columns that rate-limiter-flexible wants.
    create table users.attempt (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    );
    create index attempt_expire on users.attempt (expire);

    create table users.token (
      hash bytea primary key,
      account_id integer not null references djet.account (id) on delete cascade,
      purpose text not null check (purpose in ('login', 'password', 'invitation')),
      data jsonb not null default '{}',
      created timestamptz not null default now(),
      expires timestamptz not null
    );
    create index token_account on users.token (account_id, purpose);
    create index token_expires on users.token (expires);

    create table users.second_factor (
      account_id integer primary key references djet.account (id) on delete cascade,
      secret text not null,
      -- null: shown, but no code of it was entered yet
      confirmed timestamptz,
      -- the 30 seconds of the last code that was taken: none is taken twice
      last_step bigint not null default 0
    );
    create table users.recovery_code (
      account_id integer not null references users.second_factor (account_id) on delete cascade,
      hash bytea not null,
      primary key (account_id, hash)
    );

    create index user_search on djet.node using gin
      (to_tsvector('simple', name || ' ' || coalesce(data ->> 'login', '') || ' ' || coalesce(data ->> 'email', '')))
      where basetype = 'user';
    create index user_email on djet.node (lower(data ->> 'email')) where basetype = 'user';

    create function users.keep_administrator() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and new.enabled and new.password_hash is not null and 'admin' = any (new.roles) then
        return null;
      end if;
      -- One after the other: two administrators who strip each other would both find the other one left.
      perform pg_advisory_xact_lock(hashtext('djet.administrator'), 0);
      if not exists (select from djet.account
        where 'admin' = any (roles) and enabled and password_hash is not null) then
        raise exception 'the last administrator cannot be %', case
          when tg_op = 'DELETE' then 'deleted'
          when new.enabled then 'stripped of the role'
          else 'disabled' end using errcode = 'DJ003';
      end if;
      return null;
    end $$;
    create trigger account_keep_administrator after delete or update of roles, enabled, password_hash on djet.account
      for each row when (old.enabled and old.password_hash is not null and 'admin' = any (old.roles))
      execute function users.keep_administrator();

    create or replace function users.remove_account() returns trigger language plpgsql as $$
    begin
      delete from djet.account where id = old.account_id;
      return null;
    end $$;

    -- The name of a user's page is his name.
    create function users.name_account() returns trigger language plpgsql as $$
    begin
      update djet.account a set name = new.name, modified = now()
      from users.profile p where p.node_id = new.id and a.id = p.account_id;
      return null;
    end $$;
    create trigger user_named after update of name on djet.node
      for each row when (new.basetype = 'user' and old.name is distinct from new.name)
      execute function users.name_account();

    -- A site that has its users already gets the page of their own accounts; a new one makes it when it is seeded.
    insert into djet.node (parent_id, part, path, position, basetype, name, title)
    select root.id,
      case when exists (select from djet.node where path = '/account') then 'my-account' else 'account' end,
      '', coalesce((select max(position) from djet.node where parent_id = root.id), 0) + 1024,
      'account', 'Your account', 'Your account'
    from djet.node root
    where root.parent_id is null and exists (select from djet.node where basetype = 'users')
    on conflict do nothing;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from djet.node where basetype = 'account';
    drop trigger user_named on djet.node;
    drop trigger account_keep_administrator on djet.account;
    drop function users.name_account, users.keep_administrator;
    create or replace function users.remove_account() returns trigger language plpgsql as $$
    begin
      if exists (select from djet.account where id = old.account_id and 'admin' = any (roles) and enabled)
        and not exists (select from djet.account where id <> old.account_id and 'admin' = any (roles) and enabled)
      then
        raise exception 'the last administrator cannot be deleted' using errcode = 'DJ003';
      end if;
      delete from djet.account where id = old.account_id;
      return null;
    end $$;
    drop index djet.user_email, djet.user_search;
    drop table users.recovery_code, users.second_factor, users.token, users.attempt;
  `)
}
