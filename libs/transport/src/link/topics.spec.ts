import { describe, expect, it } from 'vitest';
import { eventTopic } from './topics.js';

const shape = { partitions: 1, replication: -1 };

describe('an event topic', () => {
  it('is not compressed by default', () => {
    expect(eventTopic('a', shape)).toEqual({ topic: 'a', ...shape });
    expect(eventTopic('a', { ...shape, compression: 'none' })).toEqual({ topic: 'a', ...shape });
  });

  it('is compressed as all are', () => {
    expect(eventTopic('a', { ...shape, compression: 'gzip' })).toEqual({
      ...shape,
      topic: 'a',
      compression: 'gzip',
    });
  });

  it('is compressed as it is named', () => {
    const compression = { a: 'zstd', b: 'none' } as const;
    expect(['a', 'b', 'c'].map(topic => eventTopic(topic, { ...shape, compression }).compression)).toEqual([
      'zstd',
      undefined,
      undefined,
    ]);
  });
});
