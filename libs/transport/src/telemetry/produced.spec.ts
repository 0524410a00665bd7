import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DriverError, type OutgoingRecord } from '../drivers/driver.js';
import { ProduceTelemetry } from './produced.js';
import { FakeSdk } from './spec/fake-sdk.js';

const SENT = 'messaging.client.sent.messages';
const DURATION = 'messaging.client.operation.duration';

const records = (...places: [topic: string, partition: number][]): OutgoingRecord[] =>
  places.map(([topic, partition]) => ({ topic, partition, key: null, value: null, headers: {} }));
const on = (topic?: string, error?: string) => ({
  'messaging.system': 'kafka',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
  ...(topic !== undefined && { 'messaging.destination.name': topic }),
  ...(error !== undefined && { 'error.type': error }),
});

describe('a produce request', () => {
  let sdk: FakeSdk;
  beforeEach(() => (sdk = new FakeSdk().start()));
  afterEach(() => sdk.stop());

  it('is nothing where nobody listens', () => {
    sdk.stop();
    expect(ProduceTelemetry.begin(records(['a', 0]))).toBeUndefined();
  });

  it('is of its topic where it has one, and of none where it has several', () => {
    ProduceTelemetry.begin(records(['a', 0], ['a', 1]))!.answered([]);
    ProduceTelemetry.begin(records(['a', 0], ['b', 0]))!.answered([]);
    expect(sdk.of(DURATION).map(({ attributes }) => attributes)).toEqual([on('a'), on()]);
    expect(sdk.of(SENT)).toEqual([
      { value: 2, attributes: on('a') },
      { value: 1, attributes: on('a') },
      { value: 1, attributes: on('b') },
    ]);
    expect(sdk.of('parley.sender.batch.size').map(({ value }) => value)).toEqual([2, 2]);
  });

  it('tells apart what a partition has refused', () => {
    const error = new DriverError('permanent', 'too large', 'MESSAGE_TOO_LARGE');
    ProduceTelemetry.begin(records(['a', 0], ['a', 1], ['a', 1]))!.answered([
      { topic: 'a', partition: 0, baseOffset: 4 },
      { topic: 'a', partition: 1, baseOffset: -1, error },
    ]);
    expect(sdk.of(DURATION)).toMatchObject([{ attributes: on('a', 'MESSAGE_TOO_LARGE') }]);
    expect(sdk.of(SENT)).toEqual([
      { value: 1, attributes: on('a') },
      { value: 2, attributes: on('a', 'MESSAGE_TOO_LARGE') },
    ]);
  });

  it('that fails has failed with all that it carries', () => {
    ProduceTelemetry.begin(records(['a', 0], ['b', 0]))!.failed(new DriverError('retriable', 'cut off'));
    expect(sdk.of(DURATION)).toMatchObject([{ attributes: on(undefined, 'retriable') }]);
    expect(sdk.of(SENT).map(({ attributes }) => attributes)).toEqual([
      on('a', 'retriable'),
      on('b', 'retriable'),
    ]);
  });

  it('names few topics, however many are made up', () => {
    for (let n = 0; n < 600; n += 1) ProduceTelemetry.begin(records([`made-up-${n}`, 0]))!.answered([]);
    const topics = new Set(sdk.of(SENT).map(({ attributes }) => attributes['messaging.destination.name']));
    expect(topics.size).toBe(501);
    expect(topics).toContain('_OTHER');
  });
});
