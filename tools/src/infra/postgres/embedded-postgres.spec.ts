import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EmbeddedPostgres } from './embedded-postgres.js';

const refused: Error[] = [];
let database: EmbeddedPostgres;
const clients: postgres.Sql[] = [];

function client(max = 1): postgres.Sql {
  const sql = postgres(database.url, { max, onnotice: () => undefined });
  clients.push(sql);
  return sql;
}

/** What the backend says when a query has left a transaction open. */
const READY_IN_TRANSACTION = Buffer.from('Z\0\0\0\x05T', 'latin1');

function startup(): Buffer {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + parameters.length, 0);
  head.writeUInt32BE(3 << 16, 4);
  return Buffer.concat([head, parameters]);
}

function query(sql: string): Buffer {
  const head = Buffer.from('Q0000');
  head.writeUInt32BE(5 + sql.length, 1);
  return Buffer.concat([head, Buffer.from(`${sql}\0`)]);
}

async function received(socket: Socket, bytes: Buffer): Promise<void> {
  let all = Buffer.alloc(0);
  while (!all.includes(bytes)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    all = Buffer.concat([all, chunk]);
  }
}

beforeAll(async () => {
  database = await EmbeddedPostgres.start({ onError: error => refused.push(error) });
}, 60_000);

afterAll(async () => {
  await Promise.all(clients.map(sql => sql.end({ timeout: 1 })));
  await database.close();
});

describe('EmbeddedPostgres', () => {
  it('keeps concurrent clients apart: queries, failing queries and transactions', async () => {
    const owner = client();
    await owner`create table entries (writer int, turn int, primary key (writer, turn))`;
    const writers = Array.from({ length: 5 }, () => client(2));
    await Promise.all(
      writers.map(async (sql, writer) => {
        for (let turn = 0; turn < 40; turn++) {
          if (turn % 4 === 0) {
            await expect(sql`select * from nowhere`).rejects.toThrow('"nowhere" does not exist');
          } else if (turn % 4 === 1) {
            await sql.begin(async tx => {
              await tx`insert into entries values (${writer}, ${turn})`;
              await tx`select count(*) from entries`;
            });
          } else {
            const [row] = await sql<{ answer: number }[]>`select ${writer * 1000 + turn}::int as answer`;
            expect(row?.answer).toBe(writer * 1000 + turn);
          }
        }
      }),
    );
    const [row] = await owner<{ count: string }[]>`select count(*) from entries`;
    expect(Number(row?.count)).toBe(50);
  });

  it('rolls back the transaction of a client that went away, and serves the next', async () => {
    await client()`create table kept (id int)`;
    const leaver = connect(Number(new URL(database.url).port), '127.0.0.1');
    leaver.write(startup());
    leaver.write(query('BEGIN; INSERT INTO kept VALUES (1)'));
    await received(leaver, READY_IN_TRANSACTION);
    leaver.destroy();
    expect(await client()`select * from kept`).toHaveLength(0);
  });

  it('serializes transactions, so that an advisory lock holds until commit', async () => {
    await client()`create table steps (id serial, by text)`;
    await Promise.all(
      ['a', 'b'].map(by =>
        client().begin(async tx => {
          await tx`select pg_advisory_xact_lock(7)`;
          await tx`insert into steps (by) values (${by})`;
          await tx`select pg_sleep(0)`;
          await tx`insert into steps (by) values (${by})`;
        }),
      ),
    );
    const steps = await client()<{ by: string }[]>`select by from steps order by id`;
    expect(['aabb', 'bbaa']).toContain(steps.map(step => step.by).join(''));
  });

  it('drops a connection that does not speak the protocol, and goes on serving', async () => {
    const socket = connect(Number(new URL(database.url).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    await vi.waitFor(() => expect(refused.map(error => error.message).join()).toContain('protocol'));
    expect(await client()`select 1 as one`).toEqual([{ one: 1 }]);
  });
});
