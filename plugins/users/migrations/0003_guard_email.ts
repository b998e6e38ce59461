import type { Knex } from 'knex'

/**
 * Links for a new password go to the e-mail address: who may edit users but is no administrator must not lead those
 * of an administrator to himself, by whatever form or program.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function users.keep_email() returns trigger language plpgsql as $$
    begin
      if exists (select from users.profile p join djet.account a on a.id = p.account_id
          where p.node_id = new.id and 'admin' = any (a.roles) and a.login <> new.modified_by)
        and not exists (select from djet.account where login = new.modified_by and 'admin' = any (roles))
      then
        raise exception 'only an administrator may change the e-mail address of an administrator'
          using errcode = 'DJ003';
      end if;
      return null;
    end $$;
    create trigger user_email_kept after update of data on djet.node
      for each row when (new.basetype = 'user' and new.modified_by is not null
        and old.data ->> 'email' is distinct from new.data ->> 'email')
      execute function users.keep_email();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger user_email_kept on djet.node;
    drop function users.keep_email;
  `)
}
