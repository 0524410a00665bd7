import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgres } from '@parley/tools/infra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from './connection.js';
import { migrate } from './migrate.js';

let database: EmbeddedPostgres;
let folder: string;

/** Writes a folder as drizzle-kit does, one migration a statement list. */
async function generated(...migrations: string[]): Promise<URL> {
  await mkdir(join(folder, 'meta'), { recursive: true });
  const entries = migrations.map((_, idx) => ({
    idx,
    version: '7',
    when: idx + 1,
    tag: `000${idx}`,
    breakpoints: true,
  }));
  await writeFile(
    join(folder, 'meta/_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  );
  await Promise.all(migrations.map((sql, idx) => writeFile(join(folder, `000${idx}.sql`), sql)));
  return pathToFileURL(`${folder}/`);
}

beforeAll(async () => {
  database = await EmbeddedPostgres.start();
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
}, 60_000);

afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

describe('migrate', () => {
  it('applies each migration once, whoever starts at the same moment', async () => {
    const url = await generated(
      'CREATE TABLE "shop"."orders" (id int);--> statement-breakpoint\nINSERT INTO "shop"."orders" VALUES (1);',
    );
    const instances = [connect(database.url), connect(database.url), connect(database.url)];
    await Promise.all(instances.map(sql => migrate(sql, { schema: 'shop', folder: url })));
    await Promise.all(instances.map(sql => migrate(sql, { schema: 'shop', folder: url })));
    expect(await instances[0]!`select * from shop.orders`).toHaveLength(1);
    await Promise.all(instances.map(sql => sql.end()));
  });

  it('leaves nothing behind when a statement fails', async () => {
    const url = await generated(
      'CREATE TABLE "bad"."kept" (id int);--> statement-breakpoint\nSELECT nonsense;',
    );
    const sql = connect(database.url);
    await expect(migrate(sql, { schema: 'bad', folder: url })).rejects.toThrow('nonsense');
    expect(await sql`select 1 from pg_namespace where nspname = 'bad'`).toHaveLength(0);
    await sql.end();
  });
});
