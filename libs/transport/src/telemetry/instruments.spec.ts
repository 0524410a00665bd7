import { afterEach, describe, expect, it } from 'vitest';
import { activeInstruments } from './instruments.js';
import { FakeSdk } from './spec/fake-sdk.js';

/** Of the conventions for messaging. */
const ADVISED = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

describe('instruments', () => {
  const sdk = new FakeSdk();
  afterEach(() => sdk.stop());

  it('have the units and boundaries that the conventions advise', () => {
    sdk.start();
    activeInstruments();
    const told = Object.fromEntries(
      [...sdk.options].map(([name, { unit, advice }]) => [name, [unit, advice?.explicitBucketBoundaries]]),
    );
    expect(told).toEqual({
      'messaging.client.operation.duration': ['s', ADVISED],
      'messaging.client.sent.messages': ['{message}', undefined],
      'messaging.client.consumed.messages': ['{message}', undefined],
      'messaging.process.duration': ['s', ADVISED],
      'parley.client.call.duration': ['s', ADVISED],
      'parley.client.call.retries': ['{call}', undefined],
      'parley.event.retries': ['{run}', undefined],
      'parley.dead_letters': ['{message}', undefined],
      'parley.dropped_records': ['{record}', undefined],
      'parley.sender.batch.size': ['{record}', expect.arrayContaining([1, 1000])],
    });
  });
});
