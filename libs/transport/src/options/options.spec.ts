import { describe, expect, it } from 'vitest';
import { DEFAULTS } from './defaults.js';
import type { ParleyOptions } from './parley-options.js';
import { resolveClientOptions, resolveServerOptions } from './resolve-options.js';

const minimal = { service: 'user', kafka: { brokers: 'a:9092, b:9092' } };

describe('options', () => {
  it('need a service and brokers only', () => {
    const { link, concurrency } = resolveServerOptions(minimal);
    expect(link.kafka.brokers).toEqual(['a:9092', 'b:9092']);
    expect(link.topics.calls).toEqual({ partitions: DEFAULTS.partitions.calls, replication: -1 });
    expect(concurrency).toBe(DEFAULTS.concurrency);
    expect(link.names.calls('user', 'x')).toBe('user.calls');
  });

  it.each<[object, string]>([
    [
      { ...minimal, service: undefined },
      'service: Invalid input: expected string, received undefined; got nothing',
    ],
    [{ ...minimal, service: 'a b' }, 'service: must be letters, digits, ".", "_" and "-"; got "a b"'],
    [{ ...minimal, kafka: { brokers: 'localhost' } }, 'kafka.brokers.0: must be host:port; got "localhost"'],
    [{ ...minimal, kafka: { brokers: [] } }, 'kafka.brokers: needs at least one host:port; got a list'],
    [{ ...minimal, kafka: { brokers: 'a:1', instanceId: 'pod 0' } }, 'kafka.instanceId: must be 1 to 249'],
    [{ ...minimal, concurrency: 0 }, 'concurrency: Too small: expected number to be >0; got 0'],
    [{ ...minimal, timeoutMs: '5s' }, 'timeoutMs: Invalid input: expected number, received string; got "5s"'],
    [{ ...minimal, conccurency: 5 }, 'Unrecognized key: "conccurency"'],
    [{ ...minimal, maxHeaders: 0 }, 'maxHeaders: Too small: expected number to be >0; got 0'],
    [
      { ...minimal, maxJsonDepth: 100_000 },
      'maxJsonDepth: Too big: expected number to be <=5000; got 100000',
    ],
    [{ ...minimal, driver: 'rdkafka' }, 'driver: Invalid'],
    [{ ...minimal, topics: { events: { compression: 'brotli' } } }, 'topics.events.compression: Invalid'],
    [{ ...minimal, topics: { calls: { compression: 'gzip' } } }, 'topics.calls: Unrecognized key'],
    [{ ...minimal, kafka: { brokers: 'a:1', codecs: { lz4: {} } } }, 'kafka.codecs.lz4: Invalid'],
    [{ ...minimal, codec: {} }, 'codec: must be a codec'],
    [
      { ...minimal, topics: { calls: { partitions: 1.5 } } },
      'topics.calls.partitions: Invalid input: expected int',
    ],
  ])('%j is refused by name: %s', (options, message) => {
    expect(() => resolveServerOptions(options as ParleyOptions)).toThrow(message);
  });

  it('limit what is read', () => {
    const limits = { maxHeaders: 5, maxHeaderBytes: 100, maxJsonDepth: 3, maxCallsPerCaller: 7 };
    const { link, maxCallsPerCaller } = resolveServerOptions({ ...minimal, ...limits });
    expect(link.headerLimits).toEqual({ count: 5, bytes: 100 });
    expect(() => link.codec.decode('j', Buffer.from('[[[[]]]]'))).toThrow('deeper than 3 (maxJsonDepth)');
    expect(maxCallsPerCaller).toBe(7);
    expect(resolveServerOptions(minimal).maxCallsPerCaller).toBeUndefined();
  });

  it('never show what an object holds: it may be a secret', () => {
    const secret = { ...minimal, prefix: { password: 'hunter2' } };
    expect(() => resolveServerOptions(secret as never)).toThrow(/prefix: .*; got an object/);
    expect(() => resolveServerOptions(secret as never)).not.toThrow(/hunter2/);
  });

  it('of a client name the service it calls', () => {
    expect(() => resolveClientOptions(minimal as never)).toThrow(
      'ParleyClient was given options that it cannot use:\n  to:',
    );
    expect(resolveClientOptions({ ...minimal, to: 'auth' }).to).toBe('auth');
  });
});
