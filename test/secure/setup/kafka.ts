import { Authority, startSecuredKafka } from '@parley/tools/kafka/secured';
import type { TestProject } from 'vitest/node';
import { PASSWORD, PLAIN_USERS, SCRAM_USERS } from './users.js';

/** What a test file needs to know of the broker, which all of them share. */
export interface SecureAddress {
  /** Plain text, where everything is allowed. */
  bootstrap: string;
  sasl: string;
  brief: string;
  mutual: string;
  /** Who signed the broker's certificate, as PEM. */
  ca: string;
  /** Clients' certificates, by user. */
  identities: Record<string, { cert: string; key: string }>;
  /** Somebody else, and what they signed. */
  stranger: { ca: string; cert: string; key: string };
}

declare module 'vitest' {
  interface ProvidedContext {
    secure: SecureAddress;
  }
}

/** How long a session lasts on the entrance `brief`, in ms. */
const SESSION_MS = 3_000;

/** A real broker that lets nobody in unproved, and allows nothing by itself. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const plainUsers = Object.fromEntries(PLAIN_USERS.map(user => [user, PASSWORD]));
  const kafka = await startSecuredKafka({ plainUsers, sessionMs: SESSION_MS });
  try {
    for (const user of SCRAM_USERS) await kafka.setScramPassword(user, PASSWORD);
    const { authority, bootstrap, sasl, brief, mutual } = kafka;
    const other = await Authority.create('Somebody else');
    const identities: SecureAddress['identities'] = {};
    for (const user of PLAIN_USERS) identities[user] = await authority.issue(user);
    const stranger = { ca: other.cert, ...(await other.issue(PLAIN_USERS[0])) };
    project.provide('brokers', bootstrap);
    project.provide('kafka', 'real');
    project.provide('secure', { bootstrap, sasl, brief, mutual, ca: authority.cert, identities, stranger });
  } catch (error) {
    await kafka.close();
    throw error;
  }
  return () => kafka.close();
}
