import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DriverError } from '../driver.js';
import { APIS } from '../protocol/api.js';
import type { ApiVersions, BrokerConnection } from './broker-connection.js';
import { Cluster } from './cluster.js';

const TIMEOUTS = { connectionTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
const EVERYTHING: ApiVersions = Object.fromEntries(
  Object.values(APIS).map(({ key, version }) => [key, { minVersion: 0, maxVersion: version }]),
);

/** A connection whose SASL session a test can end: it is open then, and takes no request. */
class SessionConnection implements BrokerConnection {
  readonly headerBytes = 0;
  usable = true;
  destroyed = false;

  constructor(private readonly refusal: DriverError | undefined) {}

  async open(): Promise<ApiVersions> {
    if (this.refusal) throw this.refusal;
    return EVERYTHING;
  }

  send(): void {
    throw new Error('nothing is sent here');
  }

  destroy(): void {
    this.destroyed = true;
  }
}

describe('a cluster whose session with a broker ends', () => {
  const made: SessionConnection[] = [];
  const onLinkClosed = vi.fn();
  let refusal: DriverError | undefined;
  let cluster: Cluster;
  beforeEach(() => {
    vi.useFakeTimers();
    made.length = 0;
    refusal = undefined;
    onLinkClosed.mockReset();
    cluster = new Cluster({
      ...TIMEOUTS,
      brokers: ['kafka:9093'],
      makeConnection: async () => {
        const connection = new SessionConnection(refusal);
        made.push(connection);
        return connection;
      },
      onLinkClosed,
    });
  });
  afterEach(() => {
    cluster.close();
    vi.useRealTimers();
  });

  it('goes on with a new link, and cuts the old one once what it waits for is answered or late', async () => {
    const first = await cluster.anyLink();
    made[0]!.usable = false;
    expect(await cluster.anyLink()).not.toBe(first);
    expect(made[0]!.destroyed).toBe(false);
    vi.advanceTimersByTime(TIMEOUTS.requestTimeoutMs);
    expect(made.map(({ destroyed }) => destroyed)).toEqual([true, false]);
    expect(onLinkClosed).not.toHaveBeenCalled();
  });

  it('tells once that the link is lost where its credentials have gone bad, and comes back when they are good', async () => {
    await cluster.anyLink();
    made[0]!.usable = false;
    refusal = new DriverError('retriable', 'refuses the token', 'SASL_AUTHENTICATION_FAILED');
    await expect(cluster.anyLink()).rejects.toThrow('refuses the token');
    await expect(cluster.anyLink()).rejects.toThrow('refuses the token');
    expect(onLinkClosed).toHaveBeenCalledExactlyOnceWith(refusal);
    vi.advanceTimersByTime(TIMEOUTS.requestTimeoutMs);
    expect(made[0]!.destroyed).toBe(true);

    refusal = undefined;
    expect((await cluster.anyLink()).usable).toBe(true);
    expect(onLinkClosed).toHaveBeenCalledOnce();
  });

  it('that was never there is no link lost', async () => {
    refusal = new DriverError('retriable', 'refuses the token', 'SASL_AUTHENTICATION_FAILED');
    await expect(cluster.anyLink()).rejects.toThrow('refuses the token');
    expect(onLinkClosed).not.toHaveBeenCalled();
  });

  it('says nothing once it is closed itself', async () => {
    await cluster.anyLink();
    made[0]!.usable = false;
    refusal = new DriverError('retriable', 'refuses the token', 'SASL_AUTHENTICATION_FAILED');
    const opening = expect(cluster.anyLink()).rejects.toThrow('The driver is closed');
    cluster.close();
    await opening;
    expect(onLinkClosed).not.toHaveBeenCalled();
  });
});
