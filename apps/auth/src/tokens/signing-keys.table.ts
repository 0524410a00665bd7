import { sql } from 'drizzle-orm';
import { check, integer, jsonb, timestamp } from 'drizzle-orm/pg-core';
import type { JWK } from 'jose';
import { auth } from '../database.js';

/** One row: the key that every instance of the service signs with. */
export const signingKeys = auth.table(
  'signing_keys',
  {
    id: integer().primaryKey().default(1),
    privateKey: jsonb('private_key').$type<JWK>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  table => [check('one_row', sql`${table.id} = 1`)],
);
