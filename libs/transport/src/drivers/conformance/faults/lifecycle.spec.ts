import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ApiKey, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DRIVERS } from '../drivers.js';
import { record, send, Stage } from '../stage.js';

const nothing = { onBatch() {}, onGap() {}, onAssigned() {}, onRevoked() {} };

/** Sockets and timers that keep this process alive, those of vi.waitFor included: it is called inside of it. */
function handles(): number {
  return process.getActiveResourcesInfo().filter(name => /TCP|TLS|Timeout|Immediate/.test(name)).length;
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length;
}

async function handlesNow(): Promise<number> {
  let looked = 0;
  return vi.waitFor(() => {
    expect(++looked).toBeGreaterThan(1); // the first look is before vi.waitFor sets its timers
    return handles();
  });
}

describe.each(DRIVERS)('%s: lifecycle', (_, make) => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { topics: [{ name: 'a', partitions: 2 }] });
  });
  afterEach(() => stage.close());

  it('rejects within the connection time-out when no broker listens', async () => {
    await stage.kafka.stopBroker(1);
    const driver = stage.unconnected();
    await expect(driver.connect()).rejects.toMatchObject({ name: 'DriverError', kind: 'retriable' });
    await expect(driver.connect()).rejects.toThrow(stage.kafka.bootstrap);
  });

  it('rejects within the connection time-out when what listens does not answer', async () => {
    const silent = createServer(socket => socket.resume()).listen(0, '127.0.0.1');
    await vi.waitFor(() => expect(silent.listening).toBe(true));
    const { port } = silent.address() as AddressInfo;
    const driver = make({ brokers: [`127.0.0.1:${port}`], clientId: 'x', connectionTimeoutMs: 200 }, console);
    const from = performance.now();
    await expect(driver.connect()).rejects.toMatchObject({ kind: 'retriable' });
    expect(performance.now() - from).toBeLessThan(1_000);
    await driver.close({ drainMs: 0 });
    silent.close();
  });

  it('refuses addresses that are none, and says which', () => {
    expect(() => stage.unconnected({ brokers: ['localhost'] })).toThrow('"localhost"');
    expect(() => stage.unconnected({ brokers: [] })).toThrow('kafka.brokers is empty');
  });

  it('connects by the brokers that answer where others do not', async () => {
    const driver = stage.unconnected({ brokers: ['127.0.0.1:1', ...stage.kafka.brokers] });
    await driver.connect();
    expect(await driver.partitions('a')).toHaveLength(2);
  });

  it('tells once that the cluster is gone, and once that it is back', async () => {
    const driver = await stage.driver();
    const events: string[] = [];
    driver.on('disconnected', ({ error }) => events.push(`disconnected ${error.name}`));
    driver.on('connected', () => events.push('connected'));
    await stage.kafka.stopBroker(1);
    await vi.waitFor(() => expect(events).toEqual(['disconnected DriverError']));
    await expect(driver.partitions('a', { fresh: true })).rejects.toMatchObject({ kind: 'retriable' });
    await stage.kafka.startBroker(1);
    await vi.waitFor(() => expect(events).toEqual(['disconnected DriverError', 'connected']), 5_000);
    expect(await driver.partitions('a', { fresh: true })).toHaveLength(2);
  });

  it('tells nothing to a listener that was removed', async () => {
    const driver = await stage.driver();
    const [removed, kept] = [vi.fn(), vi.fn()];
    driver.on('disconnected', removed)();
    driver.on('disconnected', kept);
    await stage.kafka.stopBroker(1);
    await vi.waitFor(() => expect(kept).toHaveBeenCalledOnce());
    expect(removed).not.toHaveBeenCalled();
  });

  it('leaves no socket and no timer when it is closed', async () => {
    const before = await handlesNow();
    const driver = await stage.driver();
    const onBatch = vi.fn();
    await driver.tail({ ...nothing, onBatch, topic: 'a', partitions: [0, 1], from: 'end' });
    await driver.subscribe({ ...nothing, onBatch, topics: ['a'], group: 'g', from: 'earliest' });
    await send(driver, record('a', 0, 'x'), record('a', 1, 'y'));
    await vi.waitFor(() => expect(onBatch.mock.calls.length).toBeGreaterThanOrEqual(4), 5_000);
    await driver.close({ drainMs: 1_000 });
    await vi.waitFor(() => expect(handles()).toBeLessThanOrEqual(before), 5_000);
  });

  it('closes while it connects, and while no broker listens', async () => {
    const before = await handlesNow();
    await stage.kafka.stopBroker(1);
    const driver = stage.unconnected();
    const connecting = expect(driver.connect()).rejects.toMatchObject({ name: 'DriverError' });
    const tailing = expect(
      driver.tail({ ...nothing, topic: 'a', partitions: [0], from: 'end' }),
    ).rejects.toMatchObject({ name: 'DriverError' });
    await driver.close({ drainMs: 0 });
    await Promise.all([connecting, tailing]);
    await vi.waitFor(() => expect(handles()).toBeLessThanOrEqual(before), 5_000);
  });

  it('waits for what is being produced, up to the drain, and closes though the broker hangs', async () => {
    const driver = await stage.driver();
    await driver.partitions('a');
    const hurry = stage.kafka.intercept(ApiKey.Produce, () => fault.delay(100));
    const sending = driver.produce(1, [record('a', 0, 'x')]);
    await driver.close({ drainMs: 2_000 });
    hurry();
    expect(await sending).toMatchObject([{ baseOffset: 0 }]);

    const hung = await stage.driver();
    await hung.tail({ ...nothing, topic: 'a', partitions: [0], from: 'end' });
    for (const key of [ApiKey.Produce, ApiKey.Fetch]) stage.kafka.intercept(key, () => fault.drop);
    const lost = expect(hung.produce(1, [record('a', 0, 'y')])).rejects.toMatchObject({ kind: 'retriable' });
    const from = performance.now();
    await hung.close({ drainMs: 100 });
    expect(performance.now() - from).toBeLessThan(1_000);
    await lost;
  });

  it('leaves no socket though the broker hangs', async () => {
    const driver = await stage.driver();
    const onAssigned = vi.fn();
    await driver.subscribe({ ...nothing, onAssigned, topics: ['a'], group: 'g', from: 'earliest' });
    await driver.tail({ ...nothing, topic: 'a', partitions: [0], from: 'end' });
    await vi.waitFor(() => expect(onAssigned).toHaveBeenCalled());
    expect(sockets()).toBeGreaterThan(0);
    for (const key of [ApiKey.Fetch, ApiKey.Heartbeat, ApiKey.LeaveGroup, ApiKey.Metadata])
      stage.kafka.intercept(key, () => fault.drop);
    await driver.close({ drainMs: 0 });
    await vi.waitFor(() => expect(sockets()).toBe(0));
  });

  it('refuses work once it is closed', async () => {
    const driver = await stage.driver();
    await driver.close({ drainMs: 0 });
    await expect(driver.connect()).rejects.toThrow('closed');
    await expect(driver.produce(1, [record('a', 0, 'x')])).rejects.toThrow('closed');
    await expect(driver.tail({ ...nothing, topic: 'a', partitions: [0], from: 'end' })).rejects.toThrow(
      'closed',
    );
    await expect(
      driver.subscribe({ ...nothing, topics: ['a'], group: 'g', from: 'earliest' }),
    ).rejects.toThrow('closed');
  });

  it('hands out the client behind it', () => {
    expect(stage.unconnected().unwrap<object>()).toBeTypeOf('object');
  });
});
