import { describe, expect, it } from 'vitest';
import { nestReplyAddress } from './nest-headers.js';

const headers = (given: Record<string, string>) =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Buffer.from(value)]));
const whole = { kafka_correlationId: 'id', kafka_replyTopic: 'price.reply', kafka_replyPartition: '3' };

describe('where a caller of the built-in’s wants its answer', () => {
  it('is read from its headers', () => {
    expect(nestReplyAddress(headers(whole))).toEqual({
      correlationId: 'id',
      topic: 'price.reply',
      partition: 3,
    });
  });

  it.each([['kafka_correlationId'], ['kafka_replyTopic']])('is nowhere without %s: it is an event', name => {
    const { [name as keyof typeof whole]: _, ...rest } = whole;
    expect(nestReplyAddress(headers(rest))).toBeUndefined();
  });

  it('is on any partition where it names none', () => {
    const { kafka_replyPartition: _, ...rest } = whole;
    expect(nestReplyAddress(headers(rest))).toMatchObject({ topic: 'price.reply', partition: undefined });
  });

  it.each(['', '-1', 'x', '1e3', '1.5', '99999999999'])('is refused with the partition %j', partition => {
    expect(() => nestReplyAddress(headers({ ...whole, kafka_replyPartition: partition }))).toThrow(
      'its reply partition is',
    );
  });

  it('is refused with an id that none of the built-in’s is as long as', () => {
    expect(() => nestReplyAddress(headers({ ...whole, kafka_correlationId: 'i'.repeat(300) }))).toThrow(
      'its correlation id has 300 characters',
    );
  });
});
