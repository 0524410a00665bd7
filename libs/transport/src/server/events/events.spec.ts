import { fc, test } from '@fast-check/vitest';
import { Logger } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ADDRESSEE_HEADERS } from '../../consume/addressee.js';
import { readDeadLetter } from '../../consume/dead-letter.js';
import { justWait, type Park } from '../../consume/lanes.js';
import { readRetry, RETRY_HEADERS } from '../../consume/retry-record.js';
import type { HeaderValue, OutgoingRecord, ReceivedRecord } from '../../drivers/driver.js';
import { Departures } from '../../link/departures.js';
import type { Link } from '../../link/link.js';
import type { RecordParcel } from '../../link/parcel.js';
import { Placements } from '../../link/placements.js';
import { topicPerService } from '../../routing/topic-per-service.js';
import { jsonCodec } from '../../wire/json-codec.js';
import type { Status } from '../../wire/status.js';
import { Events } from './events.js';
import { Handlers } from '../handlers.js';
import { Handling } from '../handling.js';

type Fields = Partial<Omit<ReceivedRecord, 'headers'>> & { headers?: Readonly<Record<string, HeaderValue>> };

function received(fields: Fields): ReceivedRecord {
  const headers = Object.entries(fields.headers ?? {}).map(
    ([name, value]) => [name, typeof value === 'string' ? Buffer.from(value) : value] as const,
  );
  return {
    topic: 'thing',
    partition: 1,
    offset: 7,
    timestamp: 1,
    key: null,
    value: Buffer.from('{}'),
    ...fields,
    headers: Object.fromEntries(headers),
  };
}

/** A handler as Nest hands it on, with what `@Handling` says of it. */
function handlerOf(run: (data: unknown) => Promise<unknown>, handling?: Handling) {
  class Things {
    on(): void {
      // What `run` does is done here.
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Things.prototype, 'on')!;
  if (handling) Handling(handling)(Things.prototype, 'on', descriptor);
  const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, descriptor.value as object) as object;
  return Object.assign(run, { extras }) as unknown as MessageHandler;
}

describe('Events', () => {
  let sent: OutgoingRecord[];
  /** Whether the topic never takes the record, and why it does not take it now. */
  let refuse: (record: OutgoingRecord) => boolean;
  let withhold: () => Status | undefined;
  let handlers: Handlers;
  let events: Events;

  const link = {
    options: {
      names: topicPerService(),
      service: 'shop',
      codec: jsonCodec,
      topics: { events: { partitions: 1, replication: -1 } },
      provision: 'none',
    },
    isOpen: true,
    departures: new Departures(),
    placements: new Placements(),
    driver: { partitions: async () => [{ partition: 0, leader: 1 }] },
    sender: {
      turn: 0,
      offer: (parcel: RecordParcel) => {
        const record = parcel.seal();
        if (refuse(record)) return { code: 'INVALID_ARGUMENT', message: 'too large' };
        const withheld = withhold();
        if (withheld) return withheld;
        sent.push(record);
        parcel.delivered(sent.length);
        return undefined;
      },
    },
  } as unknown as Link;

  const deliver = (record: ReceivedRecord) => events.work(record, { broadcast: false }).run(() => undefined);
  const retry = (record: ReceivedRecord) =>
    events.retryWork(record, { pattern: 'thing', delayMs: 1000 }).run(() => undefined);

  beforeEach(() => {
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    sent = [];
    refuse = () => false;
    withhold = () => undefined;
    handlers = new Handlers();
    events = new Events(link, handlers, {
      patternOf: topic => (topic === 'thing' ? 'thing' : undefined),
      withHooks: (_context, run) => void run(() => undefined),
    });
  });

  it('sends what failed to the next of its retry topics, and from the last to the dead letters', async () => {
    const fails = async () => {
      throw new Error('no');
    };
    handlers.addEvent('thing', handlerOf(fails, { retry: { attempts: 1, delaysMs: [1000, 60_000] } }));
    await deliver(received({ headers: { tenant: 'blue' } }));
    for (const _hop of [1, 2]) await retry(asReceived(sent.at(-1)!));
    expect(sent.map(({ topic }) => topic)).toEqual([
      'thing.shop.retry.1s',
      'thing.shop.retry.1m',
      'thing.shop.dead',
    ]);
    expect(readDeadLetter(sent[2]!)).toMatchObject({
      handler: 'Things.on',
      origin: { topic: 'thing', partition: 1, offset: 7 },
      attempts: 3,
      record: { headers: { tenant: Buffer.from('blue') } },
    });
    const first = readRetry(asReceived(sent[0]!))!.retry;
    expect(readDeadLetter(sent[2]!)!.firstFailedAt).toEqual(first.firstFailedAt);
    expect(first.dueAt.getTime() - first.firstFailedAt.getTime()).toBeGreaterThanOrEqual(1000);
  });

  it('gives each run data of its own', async () => {
    const seen: unknown[] = [];
    const spoils = async (data: unknown) => {
      seen.push(structuredClone(data));
      (data as { n: number }).n = 0;
      throw new Error('no');
    };
    handlers.addEvent('thing', handlerOf(spoils, { retry: { attempts: 2, waitMs: 0 } }));
    await deliver(received({ value: Buffer.from('{"n":1}') }));
    expect(seen).toEqual([{ n: 1 }, { n: 1 }]);
  });

  it('lets no more runs of a handler be under way than it says', async () => {
    let [active, most] = [0, 0];
    const counts = async () => {
      most = Math.max(most, (active += 1));
      await new Promise(resolve => setImmediate(resolve));
      active -= 1;
    };
    handlers.addEvent('thing', handlerOf(counts, { concurrency: 2 }));
    await Promise.all(Array.from({ length: 10 }, () => deliver(received({}))));
    expect(most).toBe(2);
  });

  it('waits at a retry topic no longer than its delay, whatever a header says', () => {
    handlers.addEvent(
      'thing',
      handlerOf(async () => undefined),
    );
    const dueAt = '+275760-09-13T00:00:00.000Z';
    const work = events.retryWork(retried({ [RETRY_HEADERS.dueAt]: dueAt }), {
      pattern: 'thing',
      delayMs: 1000,
    });
    expect(work.dueAt).toBeLessThanOrEqual(Date.now() + 1000);
  });

  it('writes letters to the topics of its own events only, whatever a header says', async () => {
    await retry(retried({ [RETRY_HEADERS.topic]: 'payments' }));
    await retry(received({ topic: 'thing.shop.retry.1s' }));
    expect(sent.map(({ topic }) => topic)).toEqual(['thing.shop.dead', 'thing.shop.dead']);
    expect(sent.map(record => readDeadLetter(record)?.attempts)).toEqual([1, 0]);
  });

  it('keeps an event that is for a handler which is gone, and passes over one for another service', async () => {
    const handled: unknown[] = [];
    handlers.addEvent(
      'thing',
      handlerOf(async data => void handled.push(data), {}),
    );
    const addressed = (service: string, handler: string) =>
      deliver(
        received({
          headers: { [ADDRESSEE_HEADERS.service]: service, [ADDRESSEE_HEADERS.handler]: handler },
        }),
      );
    await addressed('other', 'Things.before');
    expect([handled, sent]).toEqual([[], []]);
    await addressed('shop', 'Things.before');
    expect(handled).toEqual([]);
    expect(sent.map(({ topic }) => topic)).toEqual(['thing.shop.dead']);
    expect(readDeadLetter(sent[0]!)).toMatchObject({
      handler: 'Things.before',
      attempts: 0,
      cause: { message: 'this service has no handler Things.before of thing any more' },
      origin: { topic: 'thing', partition: 1, offset: 7 },
    });
    await addressed('shop', 'Things.on');
    expect([handled.length, sent.length]).toEqual([1, 1]);
  });

  it('keeps as much of a letter as the topic takes', async () => {
    handlers.addEvent(
      'thing',
      handlerOf(async () => undefined),
    );
    refuse = ({ value }) => value !== null;
    await deliver(received({ headers: { parley: '9', tenant: 'blue' } }));
    expect(readDeadLetter(sent[0]!)).toMatchObject({ omitted: ['headers', 'value'], attempts: 0 });
  });

  it('waits, and says so, where a dead letter is not taken yet, and lends its slot meanwhile', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    logged.mockClear();
    handlers.addEvent(
      'thing',
      handlerOf(async () => undefined),
    );
    const denied: Status = { code: 'PERMISSION_DENIED', message: 'thing.shop.dead may not be written' };
    let tries = 0;
    withhold = () => ((tries += 1) < 4 ? denied : undefined);
    let settled = false;
    let parked = 0;
    const park: Park = awaited => {
      parked += 1;
      return awaited;
    };
    const work = events.work(received({ value: Buffer.from('{'), headers: { parley: '9' } }), {
      broadcast: false,
    });
    const delivered = work.run(() => undefined, park).finally(() => (settled = true));
    await vi.waitFor(() => expect(events.untaken.records).toMatchObject({ records: 1, why: denied.message }));
    expect([settled, sent.length]).toEqual([false, 0]);
    expect(parked).toBe(1);
    await delivered;
    expect(sent.map(({ topic }) => topic)).toEqual(['thing.shop.dead']);
    expect(events.untaken.records).toBeUndefined();
    const lines = logged.mock.calls.map(([line]) => String(line));
    expect(lines.filter(line => line.includes('kept nowhere yet'))).toEqual([
      'Events that failed are kept nowhere yet, and wait for it: Kafka refuses what is sent to thing.shop.dead: thing.shop.dead may not be written',
    ]);
  });

  it('waits, and says so, where a topic takes no letter at all', async () => {
    handlers.addEvent(
      'thing',
      handlerOf(async () => undefined),
    );
    refuse = () => true;
    const delivered = deliver(received({ headers: { parley: '9' } }));
    await vi.waitFor(() => expect(events.untaken.records).toMatchObject({ records: 1, why: 'too large' }));
    refuse = () => false;
    await delivered;
    expect(readDeadLetter(sent[0]!)).toMatchObject({ omitted: ['headers', 'value', 'key'] });
  });

  it('neither runs nor keeps for a handler what has become another instance’s', async () => {
    const leaving = new AbortController();
    let runs = 0;
    const fails = async () => {
      runs += 1;
      await new Promise(resolve => setImmediate(resolve));
      leaving.abort();
      throw new Error('no');
    };
    handlers.addEvent('thing', handlerOf(fails, { concurrency: 1, retry: { attempts: 1 } }));
    const begin = () => {
      const work = events.work(received({}), { broadcast: false });
      return work.run(() => undefined, justWait, leaving.signal);
    };
    const outcomes = await Promise.allSettled([begin(), begin()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([runs, sent]).toEqual([1, []]);
    expect(handlers.event('thing')[0]!.turnstile!.pass()).toBe(true);
  });

  it('leaves an event undone where its process stops before its letter is taken', async () => {
    handlers.addEvent(
      'thing',
      handlerOf(async () => undefined),
    );
    withhold = () => ({ code: 'NOT_FOUND', message: 'no topic' });
    const delivered = deliver(received({ headers: { parley: '9' } }));
    await vi.waitFor(() => expect(events.untaken.records).toBeDefined());
    events.stop();
    await expect(delivered).rejects.toMatchObject({ name: 'AbortError' });
    expect([sent, events.untaken.records]).toEqual([[], undefined]);
  });

  it('leaves an event undone where its process stops between two runs', async () => {
    const fails = async () => {
      throw new Error('no');
    };
    handlers.addEvent('thing', handlerOf(fails, { retry: { waitMs: 60_000 } }));
    const delivered = deliver(received({}));
    await new Promise(resolve => setImmediate(resolve));
    events.stop();
    await expect(delivered).rejects.toMatchObject({ name: 'AbortError' });
    expect(sent).toEqual([]);
  });

  const headerName = fc.constantFrom(
    'parley',
    'parley-metadata',
    'parley-for-service',
    'parley-for-handler',
    ...Object.values(RETRY_HEADERS),
    '__proto__',
    'constructor',
    'x',
  );
  const bytes = fc.oneof(
    fc.string().map(text => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map(array => Buffer.from(array)),
    fc
      .constantFrom('1 event m thing j c', '1 event', '2 event m thing j c', 'shop', '1')
      .map(text => Buffer.from(text)),
    fc.json().map(text => Buffer.from(text)),
  );
  const hostile = fc.record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(headerName, bytes, { maxKeys: 6 }),
  });

  test.prop([hostile], { numRuns: 2000 })(
    'ends with every record, whatever it holds: handled once, passed over as another’s, or kept once',
    async record => {
      sent.length = 0;
      const handled: unknown[] = [];
      handlers = new Handlers();
      handlers.addEvent(
        'thing',
        handlerOf(async data => void handled.push(data)),
      );
      events = new Events(link, handlers, {
        patternOf: () => 'thing',
        withHooks: (_context, run) => void run(() => undefined),
      });
      await deliver(received(record));
      expect(handled.length + sent.length).toBeLessThanOrEqual(1);
      if (!record.headers['parley-for-service']) expect(handled.length + sent.length).toBe(1);
      await retry(received({ ...record, topic: 'thing.shop.retry.1s' }));
      for (const letter of sent) {
        expect(letter.topic).toBe('thing.shop.dead');
        expect(readDeadLetter(letter)).toBeDefined();
      }
    },
  );

  function retried(headers: Record<string, string>): ReceivedRecord {
    const now = new Date().toISOString();
    const all = {
      [RETRY_HEADERS.handler]: 'gone',
      [RETRY_HEADERS.hop]: '1',
      [RETRY_HEADERS.attempts]: '1',
      [RETRY_HEADERS.firstFailedAt]: now,
      [RETRY_HEADERS.dueAt]: now,
      [RETRY_HEADERS.topic]: 'thing',
      [RETRY_HEADERS.partition]: '1',
      [RETRY_HEADERS.offset]: '7',
      [RETRY_HEADERS.timestamp]: '1',
      ...headers,
    };
    return received({ topic: 'thing.shop.retry.1s', headers: all });
  }

  function asReceived({ topic, key, value, headers }: OutgoingRecord): ReceivedRecord {
    return received({ topic, key, value, headers });
  }
});
