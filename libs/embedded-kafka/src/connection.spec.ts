import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { metadata } from './api/03-metadata.js';
import { APIS } from './api/registry.js';
import { EmbeddedKafka, ErrorCode } from './index.js';
import { MalformedRequest } from './protocol/malformed.js';
import { decode } from './request.js';
import { WireClient } from './spec/wire-client.js';

const everything = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
};

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('a connection', () => {
  let broker: EmbeddedKafka;
  let bystander: WireClient;
  const log = vi.fn<(message: string) => void>();

  beforeEach(async () => {
    broker = await EmbeddedKafka.start({ topics: ['t'], log });
    bystander = await WireClient.connect(broker.bootstrap);
  });

  afterEach(async () => {
    await bystander[Symbol.asyncDispose]();
    await broker.close();
    log.mockReset();
  });

  it.each([
    ['a negative frame length', 'ffffffff', /a frame claims -1 bytes/],
    ['a frame of more than 100 MiB', '06400001', /a frame claims 104857601 bytes/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex'), /a frame claims 1195725856 bytes/],
    ['an empty frame', '00000000', /2 bytes expected, only 0 are left/],
    ['an unknown API', '0000000a 03e7 0000 00000001 ffff', /API key 999 is not served/],
    [
      'a version that is not served',
      '0000000a 0003 0063 00000001 ffff',
      /version 99 of Metadata is not served, only 0 to 9/,
    ],
    ['a body cut short', '0000000a 0003 0000 00000001 ffff', /4 bytes expected, only 0 are left/],
    ['a client id with a negative length', '0000000a 0003 0000 00000001 fff0', /a length is negative: -16/],
    [
      'an array that claims 2^31 - 1 elements',
      '0000000e 0003 0000 00000001 ffff 7fffffff',
      /claims 2147483647 elements/,
    ],
    ['an array with a negative length', '0000000e 0003 0000 00000001 ffff fffffff0', /negative length: -16/],
    [
      'a string longer than its frame',
      '00000010 0003 0000 00000001 ffff 00000001 7fff',
      /32767 bytes expected/,
    ],
  ])('that sends %s is closed with a logged reason, and nobody else is harmed', async (_, bytes, reason) => {
    await using client = await WireClient.connect(broker.bootstrap);
    client.write(hex(bytes));
    await client.closed;
    expect(log).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(reason));
    expect(log).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('broker 1 closes the connection from /127'),
    );
    expect((await bystander.call(metadata, everything)).topics).toHaveLength(1);
  });

  it('takes frames in any pieces, and many at once', async () => {
    await using client = await WireClient.connect(broker.bootstrap);
    const frames = [1, 2, 3].map(id => WireClient.encode(metadata, 9, id, everything));
    for (const byte of Buffer.concat(frames)) client.write(Buffer.of(byte));
    await vi.waitFor(() => expect(client.answered).toEqual([1, 2, 3]));
    client.write(Buffer.concat([4, 5, 6].map(id => WireClient.encode(metadata, 0, id, everything))));
    await vi.waitFor(() => expect(client.answered).toEqual([1, 2, 3, 4, 5, 6]));
  });

  it('answers thousands of requests that were sent at once', async () => {
    await using client = await WireClient.connect(broker.bootstrap);
    const frame = WireClient.encode(metadata, 9, 7, everything);
    client.write(Buffer.concat(Array<Buffer>(5_000).fill(frame)));
    await vi.waitFor(() => expect(client.answered).toHaveLength(5_000));
  });
});

describe('decode', () => {
  const anyApi = fc.constantFrom(...APIS.values()).chain(api =>
    fc.record({
      key: fc.constant(api.key),
      version: fc.integer({ min: api.versions[0], max: api.versions[1] }),
      body: fc.uint8Array({ maxLength: 120 }),
    }),
  );

  test.prop([anyApi], { numRuns: 2_000 })(
    'takes any bytes, or raises MalformedRequest and nothing else',
    ({ key, version, body }) => {
      const header = Buffer.alloc(10);
      header.writeInt16BE(key, 0);
      header.writeInt16BE(version, 2);
      header.writeInt16BE(-1, 8);
      try {
        decode(Buffer.concat([header, body]));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedRequest);
      }
    },
  );
});

describe('ApiVersions', () => {
  it('is answered in version 0 where the client asks in a version that is not served', async () => {
    await using broker = await EmbeddedKafka.start();
    await using client = await WireClient.connect(broker.bootstrap);
    const apiVersions = APIS.get(18);
    expect(apiVersions?.versions).toEqual([0, 3]);
    const frame = await client.exchange(hex('0000000a 0012 0063 00000001 ffff'));
    expect(frame.int16()).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(frame.int32()).toBe(APIS.size);
  });
});
