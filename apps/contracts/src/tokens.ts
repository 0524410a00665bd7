import { z } from 'zod';

/** Call `tokens.verify` of auth. */
export const VerifyToken = z.object({ token: z.string().max(4096) });
export type VerifyToken = z.infer<typeof VerifyToken>;

/** Whom a valid token speaks for. */
export interface Identity {
  userId: string;
  name: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
}
