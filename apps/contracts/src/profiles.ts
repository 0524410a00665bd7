import { z } from 'zod';
import { CreateAccount } from './accounts.js';

/** Call `users.sign-up` of user. The caller chooses the id, so that the call may safely run twice. */
export const SignUp = CreateAccount.extend({
  displayName: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(60, 'takes at most 60 characters')
    .optional(),
});
export type SignUp = z.infer<typeof SignUp>;

/** Call `users.get` of user. */
export const FindProfile = z.object({ id: z.uuid('must be a UUID') });
export type FindProfile = z.infer<typeof FindProfile>;

export interface Profile {
  id: string;
  name: string;
  displayName: string;
  /** ISO 8601, UTC. */
  createdAt: string;
}

/** Event `user.created` of user, keyed by the user's id. */
export const UserCreated = z.object({
  id: z.uuid(),
  name: z.string(),
  displayName: z.string(),
  createdAt: z.iso.datetime(),
});
export type UserCreated = z.infer<typeof UserCreated>;
