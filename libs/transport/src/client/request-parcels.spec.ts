import { describe, expect, it } from 'vitest';
import type { Parcel } from '../link/parcel.js';
import { decodeHeader, encodeHeader, PARLEY_HEADER } from '../wire/header.js';
import { LARGE_BYTES, PART_BYTES } from '../wire/parts.js';
import type { Status } from '../wire/status.js';
import { LargeRequest, RequestParcel } from './request-parcels.js';

const line = (pattern = 'p') =>
  encodeHeader({
    kind: 'request',
    callId: 'c',
    pattern,
    replyTo: { topic: 'i', partition: 0, instance: 'me' },
    timeoutMs: 30_000,
    credit: 1,
    creditBytes: 1,
    resumeFrom: 0,
    attempt: 2,
    contentType: 'j',
    correlationId: 'c',
  });

const recordOf = (value: Buffer, key: Buffer | null = null, pattern?: string) => ({
  topic: 't',
  partition: 3,
  key,
  value,
  headers: { tenant: 'blue', [PARLEY_HEADER]: line(pattern) },
});

function start(bytes: number, key: Buffer | null = null) {
  const offered: Parcel[] = [];
  const failures: Status[] = [];
  let refusal: Status | undefined;
  const sender = {
    offer: (parcel: Parcel) => {
      if (!refusal) offered.push(parcel);
      return refusal;
    },
  };
  const value = Buffer.alloc(bytes, 'abc');
  const terms = { expiresAt: 1, failed: (status: Status) => void failures.push(status) };
  const request = new LargeRequest(sender, recordOf(value, key), terms);
  return { request, value, offered, failures, refuse: (status: Status) => (refusal = status) };
}

const headerOf = (parcel: Parcel) => decodeHeader(Buffer.from(parcel.seal().headers[PARLEY_HEADER]!));
/** As the sender does it for a broker that takes so many bytes. */
const sentTo = (limit: number, parcel: Parcel): Parcel[] => {
  const halves = (parcel.seal().value?.length ?? 0) > limit ? parcel.split?.('too-large') : undefined;
  return halves ? halves.flatMap(half => sentTo(limit, half)) : [parcel];
};

describe('a large request', () => {
  it('leaves part by part without a key, and to one partition', () => {
    const { request, value, offered } = start(LARGE_BYTES + 1);
    request.send();
    for (let n = 0; n < offered.length; n += 1) {
      expect(offered).toHaveLength(n + 1);
      offered[n]!.delivered(n);
    }
    expect(offered.map(headerOf)).toMatchObject([
      { kind: 'part', callId: 'c', attempt: 2, at: 0, size: LARGE_BYTES + 1, timeoutMs: 30_000 },
      { kind: 'part', at: PART_BYTES },
      { kind: 'part', at: 2 * PART_BYTES },
      { kind: 'request', callId: 'c', pattern: 'p', partedBytes: LARGE_BYTES + 1 },
    ]);
    const records = offered.map(parcel => parcel.seal());
    expect(records.every(({ topic, partition }) => topic === 't' && partition === 3)).toBe(true);
    expect(Buffer.concat(records.flatMap(record => record.value ?? [])).equals(value)).toBe(true);
    expect(records.map(({ headers }) => headers['tenant'])).toEqual([
      undefined,
      undefined,
      undefined,
      'blue',
    ]);
  });

  it('queues whole with a key, so that nothing of that key comes before it', () => {
    const { request, offered } = start(LARGE_BYTES + 1, Buffer.from('k'));
    request.send();
    expect(offered).toHaveLength(4);
    expect(offered.every(parcel => parcel.seal().key?.toString() === 'k')).toBe(true);
  });

  it('is halved part by part for a broker that takes less, and goes on when both halves have arrived', () => {
    const { request, offered } = start(LARGE_BYTES + 1);
    request.send();
    const pieces = sentTo(100_000, offered[0]!);
    expect(pieces.map(headerOf)).toMatchObject([0, 1, 2, 3].map(n => ({ at: (n * PART_BYTES) / 4 })));
    for (const [index, piece] of pieces.entries()) {
      expect(offered).toHaveLength(1);
      piece.delivered(index);
    }
    expect(offered).toHaveLength(2);
  });

  it('is withdrawn with all that has not left', () => {
    const { request, offered } = start(LARGE_BYTES + 1);
    request.send();
    const pieces = sentTo(100_000, offered[0]!);
    request.withdraw();
    expect(pieces.every(({ withdrawn }) => withdrawn)).toBe(true);
    offered[0]!.delivered(0);
    expect(offered).toHaveLength(1);
  });

  it('fails where the queue has no room for its rest', () => {
    const { request, offered, failures, refuse } = start(LARGE_BYTES + 1);
    request.send();
    refuse({ code: 'UNAVAILABLE', message: 'full' });
    offered[0]!.delivered(0);
    expect(failures).toEqual([{ code: 'UNAVAILABLE', message: 'full' }]);
  });

  it('is refused where its pattern leaves no room for its size', () => {
    const sender = { offer: () => undefined };
    const terms = { expiresAt: 1, failed: () => undefined };
    const record = recordOf(Buffer.alloc(LARGE_BYTES + 1), null, 'p'.repeat(4096 - line('').length));
    expect(() => new LargeRequest(sender, record, terms)).toThrow('the pattern is too long');
  });
});

describe('a small request', () => {
  it('has its data go ahead of it where the broker takes less', () => {
    const parcel = new RequestParcel(recordOf(Buffer.alloc(10_000)), 1, () => undefined);
    const pieces = sentTo(4000, parcel);
    expect(pieces.map(headerOf)).toMatchObject([
      ...[0, 2500, 5000, 7500].map(at => ({ kind: 'part', at, size: 10_000 })),
      { kind: 'request', partedBytes: 10_000 },
    ]);
    parcel.withdraw();
    expect(pieces.every(({ withdrawn }) => withdrawn)).toBe(true);
  });

  it('stays whole where it is refused for what it is, or has no data', () => {
    const parcel = new RequestParcel(recordOf(Buffer.alloc(10_000)), 1, () => undefined);
    expect(parcel.split('rejected')).toBeUndefined();
    const empty = new RequestParcel(recordOf(Buffer.alloc(0)), 1, () => undefined);
    expect(empty.split('too-large')).toBeUndefined();
  });
});
