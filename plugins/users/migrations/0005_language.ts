import type { Knex } from 'knex'

/** The language each user has chosen for the interface; null: none. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table users.profile add column language text')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table users.profile drop column language')
}
