import { randomBytes } from 'node:crypto';
import type { Fleet } from '../fleet.js';
import type { GatewayClient } from '../gateway-client.js';
import type { Steps } from '../steps.js';

/** What every part of the scenario plays with. */
export interface Stage {
  steps: Steps;
  gateway: GatewayClient;
  fleet: Fleet;
}

export interface Person {
  name: string;
  displayName: string;
  password: string;
}

/** A person nobody has met: the database may outlive the demo. */
export function newPerson(displayName: string): Person {
  const name = `${displayName.toLowerCase()}_${randomBytes(4).toString('hex')}`;
  return { name, displayName, password: randomBytes(12).toString('base64url') };
}
