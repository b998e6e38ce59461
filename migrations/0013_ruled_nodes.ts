import type { Knex } from 'knex'

/** Nodes with rules of their own, few of many: which roles a site knows is read from them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index node_ruled on djet.node (id) where acl is not null')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index djet.node_ruled')
}
