import type { Knex } from 'knex'

/** What is known of the content of files, the images made of them, where they are used, and how they are found. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create schema files;

    -- Told once: the content of a stored file never changes.
    create table files.content (
      file_id uuid primary key references djet.file (id) on delete cascade,
      -- Upright, as it is seen; null: no image that can be made smaller.
      width integer,
      height integer,
      frames integer not null default 1,
      alpha boolean not null default false
    );

    create table files.variant (
      file_id uuid not null references djet.file (id) on delete cascade,
      width integer not null,
      ratio text not null,
      format text not null,
      -- Where it was cropped; another focal point replaces it.
      focus text not null,
      variant_id uuid not null references djet.file (id) on delete cascade,
      created timestamptz not null default now(),
      primary key (file_id, width, ratio, format)
    );
    create index variant_variant on files.variant (variant_id);

    -- The bytes of a variant go with its row, and that with the file.
    create function files.variant_gone() returns trigger language plpgsql as $$
    begin
      delete from djet.file where id = old.variant_id;
      return null;
    end $$;
    create trigger variant_deleted after delete on files.variant
      for each row execute function files.variant_gone();
    create trigger variant_replaced after update of variant_id on files.variant
      for each row when (old.variant_id <> new.variant_id) execute function files.variant_gone();

    create function files.words(name text, title text, data jsonb) returns tsvector
    language sql immutable parallel safe as $$
      select to_tsvector('simple'::regconfig,
        translate(left(name || ' ' || title || ' ' || coalesce(data ->> 'alt', ''), 1000), '._-/', '    '))
    $$;
    create index node_file_words on djet.node using gin (files.words(name, title, data))
      where basetype = 'file' and trash_id is null;
    create index node_folder on djet.node (parent_id, left(lower(name), 200) collate "C", id)
      where basetype = 'folder' and trash_id is null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from files.variant;
    drop index djet.node_file_words, djet.node_folder;
    drop schema files cascade;
  `)
}
