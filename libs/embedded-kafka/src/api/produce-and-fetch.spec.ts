import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiKey, EmbeddedKafka, ErrorCode } from '../index.js';
import { RecordBatch } from '../log/record-batch.js';
import { batch, sealed, type BatchOptions } from '../spec/batches.js';
import { WireClient } from '../spec/wire-client.js';
import { fetch } from './01-fetch.js';
import { listOffsets } from './02-list-offsets.js';
import { produce } from './00-produce.js';
import { deleteRecords } from './21-delete-records.js';
import { deleteTopics } from './20-delete-topics.js';

let broker: EmbeddedKafka;
let wire: WireClient;

const connect = () => WireClient.connect(broker.brokers[0] ?? '');

beforeEach(async () => {
  broker = await EmbeddedKafka.start({ brokers: 2, topics: ['t', 'u'] });
  wire = await connect();
});

afterEach(async () => {
  await wire[Symbol.asyncDispose]();
  await broker.close();
});

const producing = (records: Buffer | null, { topic = 't', index = 0, acks = -1 } = {}) => ({
  transactionalId: null,
  acks,
  timeoutMs: 1_000,
  topicData: [{ name: topic, partitionData: [{ index, records: records && [records] }] }],
});

async function send(records: Buffer | null, where: { topic?: string; index?: number; acks?: number } = {}) {
  const { responses } = await wire.call(produce, producing(records, where));
  return responses[0]?.partitionResponses[0];
}

const append = (options: BatchOptions = {}) => send(batch(options));

const fetching = (
  offset: number,
  overrides: { maxWaitMs?: number; minBytes?: number; epoch?: number; maxBytes?: number } = {},
) => ({
  replicaId: -1,
  maxWaitMs: overrides.maxWaitMs ?? 0,
  minBytes: overrides.minBytes ?? 1,
  maxBytes: overrides.maxBytes ?? 1_000_000,
  isolationLevel: 0,
  sessionId: 0,
  sessionEpoch: -1,
  topics: [
    {
      topic: 't',
      partitions: [
        {
          partition: 0,
          fetchOffset: offset,
          currentLeaderEpoch: overrides.epoch ?? -1,
          partitionMaxBytes: overrides.maxBytes ?? 1_000_000,
        },
      ],
    },
  ],
  forgottenTopicsData: [],
  rackId: '',
});

async function read(client: WireClient, ...args: Parameters<typeof fetching>) {
  const { responses } = await client.call(fetch, fetching(...args));
  return responses[0]?.partitions[0];
}

describe('Produce', () => {
  it('answers with the offset in every version', async () => {
    for (let version = 3; version <= 9; version++) {
      const { responses } = await wire.call(produce, producing(batch()), version);
      expect(responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: version - 3 });
    }
  });

  it('answers an idempotent batch that comes twice with its first offset, and refuses gaps and fenced epochs', async () => {
    const producer = { producerId: 1, epoch: 1 };
    await append();
    expect(await append({ ...producer, sequence: 0 })).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect(await append({ ...producer, sequence: 0 })).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect(await append({ ...producer, sequence: 2 })).toMatchObject({
      errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      errorMessage: 'producer 1 must go on with sequence 1, not 2',
    });
    expect(await append({ producerId: 1, epoch: 0, sequence: 1 })).toMatchObject({
      errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
    });
    expect(await append({ ...producer, sequence: 1 })).toMatchObject({ errorCode: 0, baseOffset: 2 });
  });

  it('refuses a batch for a compacted topic whole where a record has no key, and says which', async () => {
    broker.createTopic({ name: 'kept', configs: { 'cleanup.policy': 'compact,delete' } });
    expect(await send(batch({ values: ['a', 'b'] }), { topic: 'kept' })).toMatchObject({
      errorCode: ErrorCode.INVALID_RECORD,
      recordErrors: [{ batchIndex: 0 }, { batchIndex: 1 }],
    });
    expect(broker.offsetsOf('kept', 0).end).toBe(0);
    expect(await send(batch({ values: ['a'], key: 'k' }), { topic: 'kept' })).toMatchObject({ errorCode: 0 });
  });

  const damaged = (change: (bytes: Buffer) => void) => {
    const bytes = batch();
    change(bytes);
    return bytes;
  };
  it.each([
    ['a wrong checksum', damaged(bytes => bytes.writeUInt8(0, bytes.length - 2)), 'CORRUPT_MESSAGE'],
    ['a length beyond its end', damaged(bytes => bytes.writeInt32BE(9_999, 8)), 'INVALID_RECORD'],
    ['a header cut short', batch().subarray(0, 60), 'INVALID_RECORD'],
    ['the format of old', damaged(bytes => bytes.writeInt8(1, 16)), 'INVALID_RECORD'],
    ['a format to come', damaged(bytes => bytes.writeInt8(3, 16)), 'CORRUPT_MESSAGE'],
    ['two batches', Buffer.concat([batch(), batch()]), 'INVALID_RECORD'],
    [
      'more records than fit',
      damaged(bytes => {
        bytes.writeInt32BE(999, 23);
        bytes.writeInt32BE(1_000, 57);
        sealed(bytes);
      }),
      'INVALID_RECORD',
    ],
    ['counts that disagree', damaged(bytes => sealed((bytes.writeInt32BE(5, 23), bytes))), 'INVALID_RECORD'],
    ['no batch at all', null, 'INVALID_RECORD'],
    ['a control batch', batch({ attributes: 0x20 }), 'INVALID_RECORD'],
    ['a transaction', batch({ attributes: 0x10 }), 'INVALID_TXN_STATE'],
    ['a producer id without a sequence', batch({ producerId: 3 }), 'INVALID_RECORD'],
  ] as const)('refuses %s', async (_, records, error) => {
    expect(await send(records)).toMatchObject({ errorCode: ErrorCode[error] });
    expect(await append()).toMatchObject({ errorCode: 0, baseOffset: 0 });
  });

  it('honours max.message.bytes', async () => {
    const size = batch().length;
    broker.createTopic({ name: 'small', configs: { 'max.message.bytes': String(size) } });
    expect(await send(batch(), { topic: 'small' })).toMatchObject({ errorCode: 0 });
    expect(await send(batch({ values: ['vv'] }), { topic: 'small' })).toMatchObject({
      errorCode: ErrorCode.MESSAGE_TOO_LARGE,
    });
  });

  it('stamps records with the time of the log where the topic says so', async () => {
    broker.createTopic({ name: 'stamped', configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const before = Date.now();
    const stamped = await send(batch({ timestamp: 1 }), { topic: 'stamped' });
    expect(stamped?.logAppendTimeMs).toBeGreaterThanOrEqual(before);
    expect((await append())?.logAppendTimeMs).toBe(-1);
  });

  it('is refused by brokers that do not lead, for partitions that do not exist and for odd acks', async () => {
    expect(await send(batch(), { topic: 'none' })).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    });
    expect(await send(batch(), { index: 1 })).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    });
    expect(await send(batch(), { acks: 2 })).toMatchObject({ errorCode: ErrorCode.INVALID_REQUIRED_ACKS });
    broker.moveLeader('t', 0, 2);
    expect(await append()).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  });

  it('needs min.insync.replicas alive for acks=all, and not for acks=1', async () => {
    broker.createTopic({ name: 'two', replicationFactor: 2, configs: { 'min.insync.replicas': '2' } });
    await broker.stopBroker(2);
    expect(await send(batch(), { topic: 'two' })).toMatchObject({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS });
    expect(await send(batch(), { topic: 'two', acks: 1 })).toMatchObject({ errorCode: 0 });
  });

  it('with acks=0 is not answered; where it fails, the connection is closed', async () => {
    wire.write(WireClient.encode(produce, 9, 1_000, producing(batch(), { acks: 0 })));
    expect(await append()).toMatchObject({ baseOffset: 1 });
    expect(wire.answered).not.toContain(1_000);
    wire.write(WireClient.encode(produce, 9, 1_001, producing(batch(), { acks: 0, topic: 'none' })));
    await wire.closed;
  });
});

describe('Fetch', () => {
  it('answers in every version with the batches from the one that holds the offset', async () => {
    await append({ values: ['a', 'b'] });
    await append({ values: ['c'] });
    for (let version = 4; version <= 12; version++) {
      const { responses } = await wire.call(fetch, fetching(1), version);
      const partition = responses[0]?.partitions[0];
      expect(partition).toMatchObject({ errorCode: 0, highWatermark: 3, lastStableOffset: 3 });
      expect(partition?.records).toHaveLength(
        batch({ values: ['a', 'b'] }).length + batch({ values: ['c'] }).length,
      );
      expect(new RecordBatch(partition?.records ?? Buffer.alloc(0)).baseOffset).toBe(0);
    }
  });

  it('returns the first batch even where it is larger than asked for', async () => {
    await append();
    await append();
    expect((await read(wire, 0, { maxBytes: 1 }))?.records).toHaveLength(batch().length);
  });

  it('waits until records come, without holding up other connections', async () => {
    await using reader = await connect();
    const waiting = read(reader, 0, { maxWaitMs: 10_000 });
    const start = performance.now();
    await append({ values: ['x'] });
    expect((await waiting)?.records).toHaveLength(batch({ values: ['x'] }).length);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('waits for as many bytes as it asked for', async () => {
    await using reader = await connect();
    const size = batch().length;
    const waiting = read(reader, 0, { maxWaitMs: 10_000, minBytes: size + 1 });
    await append();
    expect(reader.answered).toEqual([]);
    await append();
    expect((await waiting)?.records).toHaveLength(2 * size);
  });

  it('answers empty when its time is up', async () => {
    const start = performance.now();
    expect((await read(wire, 0, { maxWaitMs: 30 }))?.records).toHaveLength(0);
    expect(performance.now() - start).toBeGreaterThan(25);
  });

  it('holds up later requests on its own connection, so that responses keep the order of requests', async () => {
    await using other = await connect();
    const waiting = read(other, 0, { maxWaitMs: 10_000 });
    await wire.call(listOffsets, latest());
    const behind = other.call(listOffsets, latest());
    await wire.call(listOffsets, latest());
    await append();
    await Promise.all([waiting, behind]);
    expect(other.answered).toEqual([1, 2]);
    expect((await behind).topics[0]?.partitions[0]?.offset).toBe(1);
  });

  it('reads no further requests while the client does not take its responses', async () => {
    await append({ values: ['x'.repeat(900_000)] });
    await using slow = await connect();
    let handled = 0;
    broker.intercept(ApiKey.Fetch, () => void handled++);
    slow.pause();
    const ids = Array.from({ length: 100 }, (_, index) => index);
    slow.write(Buffer.concat(ids.map(id => WireClient.encode(fetch, 12, id, fetching(0)))));
    for (let trips = 0; trips < 300; trips++) await wire.call(listOffsets, latest());
    expect(handled).toBeGreaterThan(0);
    expect(handled).toBeLessThan(50);
    slow.resume();
    await vi.waitFor(() => expect(slow.answered).toEqual(ids), 5_000);
  });

  it('is woken by a leader that moves and by a topic that goes', async () => {
    await using reader = await connect();
    const moved = read(reader, 0, { maxWaitMs: 10_000 });
    await wire.call(listOffsets, latest());
    broker.moveLeader('t', 0, 2);
    expect(await moved).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER });
    broker.moveLeader('t', 0, 1);
    const deleted = read(reader, 0, { maxWaitMs: 10_000 });
    await wire.call(listOffsets, latest());
    await wire.call(deleteTopics, {
      topics: [{ name: 't', topicId: '0'.repeat(32) }],
      topicNames: [],
      timeoutMs: 1,
    });
    expect(await deleted).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  });

  it('is out of range before the start and after the end of the log', async () => {
    await append();
    await append();
    await wire.call(deleteRecords, {
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 1 }] }],
      timeoutMs: 1,
    });
    for (const offset of [0, 3])
      expect(await read(wire, offset)).toMatchObject({
        errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
      });
    expect(await read(wire, 2)).toMatchObject({ errorCode: 0 });
  });

  it('is refused where the client believes in another leader epoch', async () => {
    broker.moveLeader('t', 0, 2);
    broker.moveLeader('t', 0, 1);
    expect(await read(wire, 0, { epoch: 1 })).toMatchObject({ errorCode: ErrorCode.FENCED_LEADER_EPOCH });
    expect(await read(wire, 0, { epoch: 3 })).toMatchObject({ errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH });
    expect(await read(wire, 0, { epoch: 2 })).toMatchObject({ errorCode: 0 });
  });

  it('keeps no sessions', async () => {
    const { errorCode } = await wire.call(fetch, { ...fetching(0), sessionId: 5 });
    expect(errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  });
});

const latest = (timestamp = -1) => ({
  replicaId: -1,
  isolationLevel: 0,
  topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp }] }],
});

describe('ListOffsets', () => {
  it('knows the first offset, the next one, and the first no older than a time, in every version', async () => {
    await append({ values: ['a', 'b', 'c'], timestamp: 100 });
    for (let version = 1; version <= 6; version++) {
      const offsetAt = async (timestamp: number) =>
        (await wire.call(listOffsets, latest(timestamp), version)).topics[0]?.partitions[0]?.offset;
      expect(await offsetAt(-1)).toBe(3);
      expect(await offsetAt(-2)).toBe(0);
      expect(await offsetAt(101)).toBe(1);
      expect(await offsetAt(103)).toBe(-1);
    }
  });
});
