import type { Knex } from 'knex'

/** What notes uses, or is told of files, names and drafts. */
const FUNCTIONS = [
  'note_uses(integer[])',
  'note_again(integer[])',
  'note_named(text[])',
  'file_arrived()',
  'redirect_made()',
  'draft_changed()',
]

/**
 * Uses are looked up by an index, always. A connection keeps the plans that it makes while there are a few files, and these
 * would read all nodes for each name once there are many, until somebody analyzes the tables.
 */
export async function up(knex: Knex): Promise<void> {
  for (const name of FUNCTIONS) await knex.raw(`alter function files.${name} set enable_seqscan = off`)
}

export async function down(knex: Knex): Promise<void> {
  for (const name of FUNCTIONS) await knex.raw(`alter function files.${name} reset enable_seqscan`)
}
