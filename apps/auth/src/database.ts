import { pgSchema } from 'drizzle-orm/pg-core';

export const auth = pgSchema('auth');
export const migrations = { schema: 'auth', folder: new URL('../migrations/', import.meta.url) };
