import { AssignerProtocol } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './consumer-protocol.js';

const subscription = { topics: ['a', 'b'], owned: { a: [0, 2] }, generation: 7 };

describe('consumer protocol', () => {
  it('reads what it wrote', () => {
    expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription);
    expect(decodeAssignment(encodeAssignment({ a: [0, 2], b: [1] }))).toEqual({ a: [0, 2], b: [1] });
  });

  it('is what other clients read', () => {
    expect(AssignerProtocol.MemberMetadata.decode(encodeSubscription(subscription))).toMatchObject({
      topics: ['a', 'b'],
    });
    expect(AssignerProtocol.MemberAssignment.decode(encodeAssignment({ a: [0, 2] }))).toMatchObject({
      assignment: { a: [0, 2] },
    });
  });

  it('takes a subscription of an older version for one that owns nothing', () => {
    const userData = Buffer.from('any');
    const older = AssignerProtocol.MemberMetadata.encode({ version: 0, topics: ['a'], userData });
    expect(decodeSubscription(older)).toEqual({ topics: ['a'], owned: {}, generation: -1 });
  });

  it('takes rubbish for a member that wants nothing, and an empty share for none', () => {
    expect(decodeSubscription(Buffer.from([0]))).toEqual({ topics: [], owned: {}, generation: -1 });
    const cut = encodeSubscription(subscription).subarray(0, 12);
    expect(decodeSubscription(cut).owned).toEqual({});
    expect(decodeAssignment(Buffer.alloc(0))).toEqual({});
    expect(() => decodeAssignment(Buffer.from([0, 0, 0]))).toThrow(RangeError);
  });
});
