import { describe, expect, it } from 'vitest';
import { ADDRESSEE_HEADERS } from '../consume/addressee.js';
import { DEAD_LETTER_HEADERS } from '../consume/dead-letter.js';
import { redrivenRecord } from './redriven-record.js';
import { letter } from './spec/letters.js';

const partitions = [0, 1, 2, 3].map(partition => ({ partition, leader: 1 }));
const way = { partitions, everyHandler: false, now: new Date(0) };

describe('a redriven record', () => {
  it('is its event, for the handler that gave it up, without the headers of its death', () => {
    const record = redrivenRecord(letter({ headers: { parley: '1 event', tenant: 'blue' } }), way);
    expect(record).toMatchObject({
      topic: 'p-user.created',
      key: Buffer.from('k'),
      value: Buffer.from('{}'),
      headers: {
        parley: Buffer.from('1 event'),
        tenant: Buffer.from('blue'),
        [ADDRESSEE_HEADERS.service]: 'mailer',
        [ADDRESSEE_HEADERS.handler]: 'Mails.welcome',
      },
    });
    const ofDeath = Object.keys(record.headers).filter(name => name.startsWith('parley-dead-'));
    expect(ofDeath).toEqual([]);
    expect(Object.values(DEAD_LETTER_HEADERS).every(name => name.startsWith('parley-dead-'))).toBe(true);
  });

  it('is for every handler where that is asked for, or where none had it', () => {
    const headers = { [ADDRESSEE_HEADERS.handler]: 'Mails.before' };
    for (const record of [
      redrivenRecord(letter({ headers }), { ...way, everyHandler: true }),
      redrivenRecord(letter({ headers, death: { handler: undefined } }), way),
    ]) {
      expect(record.headers).toHaveProperty(ADDRESSEE_HEADERS.service, 'mailer');
      expect(record.headers).not.toHaveProperty(ADDRESSEE_HEADERS.handler);
    }
  });

  it('is compressed as events of its topic are', () => {
    expect(redrivenRecord(letter(), { ...way, compression: 'gzip' }).compression).toBe('gzip');
    expect(redrivenRecord(letter(), way)).not.toHaveProperty('compression');
  });

  it('goes where its key’s records go, and without a key where it was', () => {
    // Kafka's own clients put this key there.
    expect(
      redrivenRecord(letter({ key: '21' }), { ...way, partitions: partitions.slice(0, 1) }).partition,
    ).toBe(0);
    const places = [redrivenRecord(letter(), way), redrivenRecord(letter(), way)].map(
      ({ partition }) => partition,
    );
    expect(places[0]).toBe(places[1]);
    expect(redrivenRecord(letter({ key: null }), way).partition).toBe(2);
    expect(
      redrivenRecord(letter({ key: null }), { ...way, partitions: partitions.slice(0, 2) }).partition,
    ).toBe(0);
  });
});
