import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BrokerDriver } from './broker-driver.js';

const SILENT = { log() {}, error() {}, warn() {}, debug() {} };

describe('connecting', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('counts no time against brokers before the client is loaded', async () => {
    let loaded = () => {};
    const makeConnection = vi.fn(() => Promise.reject(new Error('from the broker')));
    const driver = new BrokerDriver(
      {
        name: 'slow',
        load: () => new Promise<void>(resolve => (loaded = resolve)),
        makeConnection,
        unwrapped: {},
      },
      { brokers: ['127.0.0.1:1'], clientId: 'x' },
      SILENT,
    );
    const connecting = expect(driver.connect()).rejects.toThrow('from the broker');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(makeConnection).not.toHaveBeenCalled();
    loaded();
    await connecting;
    await driver.close({ drainMs: 0 });
  });
});
