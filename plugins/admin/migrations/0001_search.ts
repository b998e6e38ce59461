import type { Knex } from 'knex'

/** Finds nodes by how their names and titles begin, whatever their number. Paths have their own index. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index node_admin_name on djet.node (left(lower(name), 200) collate "C", id) where trash_id is null;
    create index node_admin_title on djet.node (left(lower(title), 200) collate "C", id) where trash_id is null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index djet.node_admin_name, djet.node_admin_title')
}
