import { text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { users } from '../database.js';

export const profiles = users.table('profiles', {
  id: uuid().primaryKey(),
  name: text().notNull().unique(),
  displayName: text('display_name').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});
