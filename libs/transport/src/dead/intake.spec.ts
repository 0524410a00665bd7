import { describe, expect, it } from 'vitest';
import type { ReceivedRecord } from '../drivers/driver.js';
import { Intake } from './intake.js';

function record(bytes: number): ReceivedRecord {
  return {
    topic: 't',
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: null,
    value: Buffer.alloc(bytes),
    headers: {},
  };
}

describe('an intake', () => {
  it('gives what came first, with its share', () => {
    const intake = new Intake<string>();
    intake.add('a', record(1));
    intake.add('b', record(2));
    expect([intake.next()?.share, intake.next()?.share, intake.next()]).toEqual(['a', 'b', undefined]);
  });

  it.each([
    ['records', 1000, 1],
    ['bytes', 8, 1024 * 1024],
  ])('is full of %s, and has room again at half of them', (_, most, bytes) => {
    const intake = new Intake<string>();
    for (let count = 0; count < most; count += 1) {
      expect(intake.isFull).toBe(false);
      intake.add('a', record(bytes));
    }
    expect(intake.isFull).toBe(true);
    for (let count = 0; count < most / 2; count += 1) {
      expect(intake.hasRoom).toBe(false);
      intake.next();
    }
    expect(intake.hasRoom).toBe(true);
  });
});
