import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetch } from './api/01-fetch.js';
import { listOffsets } from './api/02-list-offsets.js';
import { metadata } from './api/03-metadata.js';
import { produce } from './api/00-produce.js';
import { ApiKey, EmbeddedKafka, ErrorCode, fault } from './index.js';
import { batch } from './spec/batches.js';
import { WireClient } from './spec/wire-client.js';

let kafka: EmbeddedKafka;
let wire: WireClient;

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({ topics: [{ name: 'a', partitions: 3 }, 'b'] });
  wire = await WireClient.connect(kafka.bootstrap);
});

afterEach(async () => {
  await wire[Symbol.asyncDispose]();
  await kafka.close();
});

type Named = readonly (readonly [topic: string, partition: number])[];

/** Sends one record to each partition named, in one request, and gives the code that each was answered with. */
async function send(...partitions: Named): Promise<number[]> {
  const { responses } = await wire.call(produce, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: partitions.map(([name, index]) => ({
      name,
      partitionData: [{ index, records: [batch()] }],
    })),
  });
  return responses.flatMap(({ partitionResponses }) => partitionResponses.map(({ errorCode }) => errorCode));
}

const ends = (...partitions: Named) => partitions.map(([topic, index]) => kafka.offsetsOf(topic, index).end);

const about = (name: string) => ({
  topics: [{ name }],
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
});

describe('inject', () => {
  const both: Named = [
    ['a', 0],
    ['a', 1],
    ['b', 0],
  ];
  const { NOT_LEADER_OR_FOLLOWER: STALE } = ErrorCode;

  it('answers with an error for one partition only, and takes its neighbours', async () => {
    kafka.inject({ api: ApiKey.Produce, topic: 'a', partition: 1 }, fault.error(STALE));
    expect(await send(...both)).toEqual([0, STALE, 0]);
    expect(ends(...both)).toEqual([1, 0, 1]);
  });

  it('answers with an error for every partition of a topic, or one of every topic', async () => {
    const remove = kafka.inject({ api: ApiKey.Produce, topic: 'a' }, fault.error(STALE));
    expect(await send(...both)).toEqual([STALE, STALE, 0]);
    remove();
    kafka.inject({ api: ApiKey.Produce, partition: 0 }, fault.error(STALE));
    expect(await send(...both)).toEqual([STALE, 0, STALE]);
  });

  it('befalls as many requests as it is told to, and others than those that fit not at all', async () => {
    kafka.inject({ api: ApiKey.Produce, topic: 'a', times: 2 }, fault.error(STALE));
    expect(await send(['b', 0])).toEqual([0]);
    expect(await send(['a', 0])).toEqual([STALE]);
    expect(await send(['a', 2])).toEqual([STALE]);
    expect(await send(['a', 0])).toEqual([0]);
  });

  it('is aimed at one broker and at one client', async () => {
    kafka.inject({ api: ApiKey.Produce, nodeId: 2 }, fault.error(STALE));
    kafka.inject({ api: ApiKey.Produce, clientId: 'another' }, fault.error(STALE));
    expect(await send(['a', 0])).toEqual([0]);
    kafka.inject({ api: ApiKey.Produce, nodeId: 1, clientId: 'wire' }, fault.error(STALE));
    expect(await send(['a', 0])).toEqual([STALE]);
  });

  it('reaches one partition of Fetch and of ListOffsets', async () => {
    const aimed = { topic: 'a', partition: 2 };
    kafka.inject({ api: ApiKey.Fetch, ...aimed }, fault.error(ErrorCode.KAFKA_STORAGE_ERROR));
    kafka.inject({ api: ApiKey.ListOffsets, ...aimed }, fault.error(STALE));
    const fetched = await wire.call(fetch, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1_000,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [
        {
          topic: 'a',
          partitions: [1, 2].map(partition => ({ partition, fetchOffset: 0, partitionMaxBytes: 1_000 })),
        },
      ],
      forgottenTopicsData: [],
      rackId: '',
    });
    expect(fetched.responses[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
      0,
      ErrorCode.KAFKA_STORAGE_ERROR,
    ]);
    const listed = await wire.call(listOffsets, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'a', partitions: [1, 2].map(partitionIndex => ({ partitionIndex, timestamp: -1 })) }],
    });
    expect(listed.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, STALE]);
  });

  it('answers a request that names the topic as a whole where the API knows no partitions', async () => {
    kafka.inject({ api: ApiKey.Metadata, topic: 'a' }, fault.error(ErrorCode.LEADER_NOT_AVAILABLE));
    expect((await wire.call(metadata, about('a'))).topics).toMatchObject([{ errorCode: 5, partitions: [] }]);
    expect((await wire.call(metadata, about('b'))).topics).toMatchObject([{ errorCode: 0 }]);
  });

  it('drops the response of what names the partition, after the records were taken', async () => {
    kafka.inject({ api: ApiKey.Produce, topic: 'a', partition: 1, times: 1 }, fault.dropResponse);
    const lost = send(['a', 1]).catch(() => 'closed');
    expect(await send(['a', 1])).toEqual([0]);
    expect(ends(['a', 1])).toEqual([2]);
    expect(wire.answered).toEqual([2]);
    kafka.inject({ api: ApiKey.Produce }, fault.close);
    await expect(send(['a', 1])).rejects.toThrow(/closed/);
    expect(await lost).toBe('closed');
  });

  it('refuses what cannot be aimed at', () => {
    expect(() => kafka.inject({ api: 999 }, fault.drop)).toThrow('there is no API with the key 999');
    expect(() => kafka.inject({ api: ApiKey.Heartbeat, topic: 'a' }, fault.drop)).toThrow(
      'requests of Heartbeat name no topics',
    );
    expect(() => fault.trickle(1, 0)).toThrow('bytes must be a whole number from 1 on, not 0');
  });
});

describe('slow bytes', () => {
  it('trickle: the whole response comes, byte by byte', async () => {
    kafka.inject({ api: ApiKey.Metadata, times: 1 }, fault.trickle(1));
    const { topics } = await wire.call(metadata, about('a'));
    expect(topics[0]?.partitions).toHaveLength(3);
    expect(wire.received).toBeGreaterThan(100);
    expect(wire.chunks).toBeGreaterThan(wire.received / 4); // the system may join some
    await wire.call(metadata, about('a'));
    expect(wire.answered).toEqual([1, 2]);
  });

  it('trickle: takes as long as it is told to, and what is behind it waits', async () => {
    kafka.inject({ api: ApiKey.Metadata, times: 1 }, fault.trickle(20, 60));
    const from = performance.now();
    const first = wire.call(metadata, about('a'));
    await wire.call(metadata, about('b'));
    expect(performance.now() - from).toBeGreaterThan(30); // more than 120 bytes, in three pieces
    expect((await first).topics).toHaveLength(1);
    expect(wire.answered).toEqual([1, 2]);
  });

  it('stall: half of the response comes, and nothing of it or of later ones until the connection ends', async () => {
    kafka.inject({ api: ApiKey.Produce, times: 1 }, fault.stall);
    const stalled = send(['a', 0]).catch((error: Error) => error.message);
    await vi.waitFor(() => expect(wire.received).toBeGreaterThan(0));
    const half = wire.received;
    const behind = send(['a', 0]).catch((error: Error) => error.message);
    await using other = await WireClient.connect(kafka.bootstrap);
    await other.call(metadata, about('a'));
    expect(wire.received).toBe(half);
    expect(ends(['a', 0])).toEqual([1]);
    expect(wire.answered).toEqual([]);
    await wire[Symbol.asyncDispose]();
    expect(await stalled).toMatch(/closed/);
    expect(await behind).toMatch(/closed/);
  });
});

describe('deleteRecords', () => {
  it('moves the start up to an offset, or keeps the newest', async () => {
    for (let index = 0; index < 5; index++) await send(['a', 0]);
    kafka.deleteRecords('a', 0, { before: 2 });
    expect(kafka.offsetsOf('a', 0)).toEqual({ start: 2, end: 5 });
    kafka.deleteRecords('a', 0, { keep: 1 });
    expect(kafka.offsetsOf('a', 0)).toEqual({ start: 4, end: 5 });
    kafka.deleteRecords('a', 0, { keep: 100 });
    expect(kafka.offsetsOf('a', 0)).toEqual({ start: 4, end: 5 });
  });

  it('tells of partitions and offsets that are not there', () => {
    expect(() => kafka.deleteRecords('a', 9, { keep: 0 })).toThrow("no partition 9 of 'a'");
    expect(() => kafka.deleteRecords('a', 0, { before: 7 })).toThrow('a[0] holds offsets up to 0');
    expect(() => kafka.deleteRecords('a', 0, { before: -1 })).toThrow('nothing ends before -1');
    expect(() => kafka.offsetsOf('z', 0)).toThrow("no partition 0 of 'z'");
  });
});
