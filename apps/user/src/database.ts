import { pgSchema } from 'drizzle-orm/pg-core';

export const users = pgSchema('users');
export const migrations = { schema: 'users', folder: new URL('../migrations/', import.meta.url) };
