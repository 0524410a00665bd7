import { ADDRESSEE_HEADERS } from '../consume/addressee.js';
import type { CompressionName } from '../drivers/compression/codec.js';
import type { OutgoingRecord, PartitionLeader } from '../drivers/driver.js';
import { murmur2 } from '../link/murmur2.js';
import { redriveHeaders } from './history.js';
import { letterId, type KeptLetter } from './letter.js';

/** How a letter goes back. */
export interface WayBack {
  /** Those of its event's topic; at least one. */
  partitions: readonly PartitionLeader[];
  /** For every handler of the event in the service, in place of the one that gave it up. */
  everyHandler: boolean;
  /** As events of that topic are sent. */
  compression?: CompressionName;
  now: Date;
}

/**
 * The record that a letter becomes: its event's, with its key and headers, its history, and the handler that it is for.
 * By key it goes where new records of the key go; without one, where it was.
 */
export function redrivenRecord(
  letter: KeptLetter,
  { partitions, everyHandler, compression, now }: WayBack,
): OutgoingRecord {
  const { record, origin, service, handler } = letter;
  const headers = { ...record.headers };
  for (const name of Object.values(ADDRESSEE_HEADERS)) delete headers[name];
  return {
    topic: origin.topic,
    partition:
      record.key === null
        ? origin.partition % partitions.length
        : (murmur2(record.key) & 0x7fffffff) % partitions.length,
    key: record.key,
    value: record.value,
    headers: {
      ...headers,
      ...redriveHeaders(letter, letterId(letter.place), now),
      [ADDRESSEE_HEADERS.service]: service,
      ...(handler !== undefined && !everyHandler && { [ADDRESSEE_HEADERS.handler]: handler }),
    },
    ...(compression && { compression }),
  };
}
