import { z } from 'zod';

export const accountName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{2,29}$/, 'takes 3 to 30 characters: a letter a-z, then letters a-z, digits or _');

/**
 * A password crosses Kafka as its owner typed it, and a topic keeps records for its retention: a deployment
 * encrypts its connections and lets nobody but the auth service read `auth.calls`.
 */
const password = z.string().min(8, 'takes at least 8 characters').max(128, 'takes at most 128 characters');

/** Call `accounts.create` of auth. The same id again is the same account: a repeated call is harmless. */
export const CreateAccount = z.object({ id: z.uuid(), name: accountName, password });
export type CreateAccount = z.infer<typeof CreateAccount>;

export interface Account {
  id: string;
  name: string;
}

/** Call `accounts.log-in` of auth. */
export const LogIn = z.object({ name: z.string().max(100), password: z.string().max(1000) });
export type LogIn = z.infer<typeof LogIn>;

export interface Session {
  token: string;
  userId: string;
  name: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/** Event `session.opened` of auth, keyed by the user's id. */
export const SessionOpened = z.object({ sessionId: z.uuid(), userId: z.uuid(), at: z.iso.datetime() });
export type SessionOpened = z.infer<typeof SessionOpened>;
