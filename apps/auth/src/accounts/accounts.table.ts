import { text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { auth } from '../database.js';

export const accounts = auth.table('accounts', {
  id: uuid().primaryKey(),
  name: text().notNull().unique(),
  passwordHash: text('password_hash').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});
