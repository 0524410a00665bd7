import { deadLetter, type Death } from '../../consume/dead-letter.js';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { topicPerService } from '../../routing/topic-per-service.js';
import { keptLetter, type KeptLetter } from '../letter.js';

export const NAMES = topicPerService('p-');

const DEATH: Death = {
  service: 'mailer',
  handler: 'Mails.welcome',
  origin: { topic: 'p-user.created', partition: 2, offset: 17 },
  attempts: 4,
  cause: new TypeError('no room'),
  firstFailedAt: new Date('2026-11-21T10:00:00.000Z'),
  at: new Date('2026-11-21T10:00:02.000Z'),
};

interface Written {
  death?: Partial<Death>;
  headers?: Record<string, string>;
  key?: string | null;
  topic?: string;
}

/** A record of a dead letter topic, as it is read. */
export function letterRecord({
  death,
  headers,
  key = 'k',
  topic = 'p-user.created.mailer.dead',
}: Written = {}): ReceivedRecord {
  const record = {
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from('{}'),
    headers: { ...headers },
  };
  const letter = deadLetter(record, { ...DEATH, ...death });
  return {
    topic,
    partition: 0,
    offset: 12,
    timestamp: 0,
    key: letter.key,
    value: letter.value,
    headers: Object.fromEntries(
      Object.entries(letter.headers).map(([name, value]) => [name, Buffer.from(value.toString())]),
    ),
  };
}

export function letter(written: Written = {}): KeptLetter {
  const kept = keptLetter(letterRecord(written), 'mailer', NAMES);
  if (!kept) throw new Error('this record is no letter');
  return kept;
}
