import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { Sql } from 'postgres';

export interface Migrations {
  /** The schema the service owns; the list of what was applied is kept in it too. */
  schema: string;
  /** The folder that drizzle-kit generated. */
  folder: URL;
}

/**
 * Applies the migrations that the database has not seen, all or none.
 *
 * Drizzle's own `migrate` reads what was applied outside of any lock, so that two instances starting at once
 * both apply it. Here everything happens in one transaction, under a lock that ends with it.
 */
export async function migrate(sql: Sql, { schema, folder }: Migrations): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder: fileURLToPath(folder) });
  await sql.begin(async tx => {
    await tx`select pg_advisory_xact_lock(hashtext(${`migrate ${schema}`}))`;
    await tx`create schema if not exists ${tx(schema)}`;
    await tx`create table if not exists ${tx(schema)}.migrations (
      hash text primary key, applied_at timestamptz not null default now())`;
    const rows = await tx<{ hash: string }[]>`select hash from ${tx(schema)}.migrations`;
    const applied = new Set(rows.map(row => row.hash));
    for (const { hash, sql: statements } of migrations.filter(migration => !applied.has(migration.hash))) {
      for (const statement of statements) await tx.unsafe(statement);
      await tx`insert into ${tx(schema)}.migrations (hash) values (${hash})`;
    }
  });
}
