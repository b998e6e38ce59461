import type { Knex } from 'knex'

/** When the node that held a file let go of it: such files are looked at, and removed when nothing else holds them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table djet.file add column released timestamptz;
    create index file_released on djet.file (released) where released is not null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table djet.file drop column released')
}
