import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../protocol/errors.js';
import { batch } from '../spec/batches.js';
import { ProducerStates } from './producer-states.js';
import { parseProduced } from './record-batch.js';

const LAST_SEQUENCE = 2 ** 31 - 1;

function producing(sequence: number, { epoch = 0, count = 1 } = {}) {
  return parseProduced(batch({ producerId: 1, epoch, sequence, values: Array<string>(count).fill('v') }));
}

/** Appends as a log would. */
function push(states: ProducerStates, batch: ReturnType<typeof producing>, baseOffset: number) {
  const duplicate = states.check(batch);
  if (!duplicate) states.record(batch.placedAt(baseOffset, 0));
  return duplicate;
}

describe('ProducerStates', () => {
  it('knows the last five batches again, and no older one', () => {
    const states = new ProducerStates();
    for (let sequence = 0; sequence < 6; sequence++) push(states, producing(sequence), sequence);
    for (let sequence = 1; sequence < 6; sequence++)
      expect(states.check(producing(sequence))?.baseOffset).toBe(sequence);
    expect(() => states.check(producing(0))).toThrow(
      expect.objectContaining({ code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER }),
    );
  });

  it('takes a batch for a duplicate only where both ends agree', () => {
    const states = new ProducerStates();
    push(states, producing(0, { count: 3 }), 0);
    expect(() => states.check(producing(0, { count: 2 }))).toThrow(/must go on with sequence 3/);
  });

  it('refuses gaps', () => {
    const states = new ProducerStates();
    push(states, producing(0), 0);
    expect(() => states.check(producing(2))).toThrow(/must go on with sequence 1/);
  });

  it('goes on from 0 after the last sequence there is', () => {
    const states = new ProducerStates();
    push(states, producing(LAST_SEQUENCE), 0);
    expect(push(states, producing(0), 1)).toBeUndefined();
    expect(states.check(producing(LAST_SEQUENCE))?.baseOffset).toBe(0);
  });

  it('counts on across the end of the sequences within one batch', () => {
    const states = new ProducerStates();
    push(states, producing(LAST_SEQUENCE - 1, { count: 3 }), 0);
    expect(push(states, producing(1), 3)).toBeUndefined();
  });

  it('fences older epochs, and starts newer ones at 0', () => {
    const states = new ProducerStates();
    push(states, producing(0, { epoch: 4 }), 0);
    expect(() => states.check(producing(1, { epoch: 3 }))).toThrow(
      expect.objectContaining({ code: ErrorCode.INVALID_PRODUCER_EPOCH }),
    );
    expect(() => states.check(producing(1, { epoch: 5 }))).toThrow(/starts at sequence 0/);
    expect(push(states, producing(0, { epoch: 5 }), 1)).toBeUndefined();
  });

  it('takes any first sequence of a producer it does not know, as Kafka does after it forgot one', () => {
    expect(new ProducerStates().check(producing(17))).toBeUndefined();
  });
});
