import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addLinkFigures } from './link-figures.js';
import { addServerFigures } from './server-figures.js';
import { FakeSdk } from './spec/fake-sdk.js';

describe('live state', () => {
  let sdk: FakeSdk;
  const ends: (() => void)[] = [];
  beforeEach(() => (sdk = new FakeSdk().start()));
  afterEach(() => {
    for (const end of ends.splice(0)) end();
    sdk.stop();
  });

  it('of a link and its server is told by service and group', async () => {
    const health = () => ({ state: 'connected' as const, pendingCalls: 2, runningCalls: 3 });
    const sender = { queued: { parcels: 4, bytes: 500 } };
    ends.push(
      addLinkFigures({ isOpen: true, sender, health }, 'live'),
      addServerFigures({
        service: 'live',
        groups: { nameOf: group => group },
        calls: { creditStalls: 6 },
        nest: { active: 7 },
        consumptions: [
          {
            group: 'live.calls',
            load: 8,
            rebalances: 9,
            lags: [{ topic: 'live.calls', partition: 1, lag: 10 }],
          },
        ],
      }),
    );
    expect(await sdk.read({ 'parley.service': 'live' })).toEqual({
      'parley.link.connected': 1,
      'parley.client.active_calls': 2,
      'parley.server.active_calls': 10,
      'parley.sender.queue.records': 4,
      'parley.sender.queue.size': 500,
      'parley.server.credit_stalls': 6,
    });
    const ofGroup = { 'messaging.consumer.group.name': 'live.calls' };
    const lag = { 'parley.consumer.lag': 10 };
    expect(await sdk.read(ofGroup)).toEqual({
      'parley.server.records_in_hand': 8,
      'parley.consumer.rebalances': 9,
      ...lag,
    });
    const ofPartition = {
      'messaging.destination.name': 'live.calls',
      'messaging.destination.partition.id': '1',
    };
    expect(await sdk.read({ ...ofGroup, ...ofPartition })).toEqual(lag);
  });

  it('of a link that is not open is that it is not', async () => {
    const health = () => ({ state: 'disconnected' as const, pendingCalls: 1, runningCalls: 0 });
    const link = {
      isOpen: false,
      health,
      get sender(): never {
        throw new Error('the link is not open');
      },
    };
    ends.push(addLinkFigures(link, 'cut-off'));
    expect(await sdk.read({ 'parley.service': 'cut-off' })).toEqual({
      'parley.link.connected': 0,
      'parley.client.active_calls': 1,
      'parley.server.active_calls': 0,
    });
  });
});
