import { DeadLetterOffice } from '@parley/transport';
import type { Terminal } from '../terminal.js';
import { connectionOf, type ConnectionFlags } from './connection-options.js';

/** Opens what a command asks, and closes it whatever becomes of the command. */
export async function withOffice<T>(
  flags: ConnectionFlags,
  terminal: Terminal,
  use: (office: DeadLetterOffice) => Promise<T>,
): Promise<T> {
  const office = await DeadLetterOffice.open(await connectionOf(flags, terminal));
  try {
    return await use(office);
  } finally {
    await office.close();
  }
}
