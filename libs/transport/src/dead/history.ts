import { z } from 'zod';
import type { DeadLetter } from '../consume/dead-letter.js';
import type { HeaderValue } from '../drivers/driver.js';

/** The headers that a redriven record has beside those of its event. They stay with it when it dies again. */
export const REDRIVE_HEADERS = {
  /** How often it was redriven. */
  count: 'parley-redrives',
  /** The dead letter it was made of last, as `<topic>/<partition>/<offset>`: what to tell a repetition by. */
  letter: 'parley-redrive-of',
  /** Its earlier deaths, as JSON, the latest ten. */
  history: 'parley-redrive-history',
} as const;

/** Of a record that is redriven for ever, what is kept of its history. */
const MOST_DEATHS = 10;
const MAX_CAUSE_LENGTH = 200;
const MAX_HISTORY_BYTES = 16 * 1024;

const deathSchema = z.object({
  service: z.string(),
  handler: z.string().optional(),
  /** Where the event was read: a redriven one has a place of its own. */
  partition: z.number(),
  offset: z.number(),
  attempts: z.number(),
  cause: z.string(),
  firstFailedAt: z.string(),
  at: z.string(),
  redrivenAt: z.string(),
});

/** A death that a redriven record had before. Times are ISO 8601. */
export type EarlierDeath = Readonly<z.output<typeof deathSchema>>;

type Headers = Readonly<Record<string, HeaderValue>>;

/** How often the record was redriven; 0 where its headers do not say so. */
export function redrivesOf(headers: Headers): number {
  const text = headers[REDRIVE_HEADERS.count]?.toString() ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/** The earlier deaths, oldest first; none where the header is not of this form. Never raises. */
export function historyOf(headers: Headers): readonly EarlierDeath[] {
  const text = headers[REDRIVE_HEADERS.history];
  if (text === undefined || text.length > MAX_HISTORY_BYTES) return [];
  try {
    return z.array(deathSchema).parse(JSON.parse(text.toString()));
  } catch {
    return [];
  }
}

/** The headers of the record that a letter becomes: its last death is history now. */
export function redriveHeaders(letter: DeadLetter, id: string, now: Date): Record<string, string> {
  const { headers } = letter.record;
  const death: EarlierDeath = {
    service: letter.service,
    handler: letter.handler,
    partition: letter.origin.partition,
    offset: letter.origin.offset,
    attempts: letter.attempts,
    cause: `${letter.cause.name}: ${letter.cause.message}`.slice(0, MAX_CAUSE_LENGTH),
    firstFailedAt: letter.firstFailedAt.toISOString(),
    at: letter.at.toISOString(),
    redrivenAt: now.toISOString(),
  };
  return {
    [REDRIVE_HEADERS.count]: String(redrivesOf(headers) + 1),
    [REDRIVE_HEADERS.letter]: id,
    [REDRIVE_HEADERS.history]: JSON.stringify([...historyOf(headers), death].slice(-MOST_DEATHS)),
  };
}
