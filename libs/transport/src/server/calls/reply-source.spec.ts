import { Readable } from 'node:stream';
import { NEVER, Observable, of, range } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { pumpReply, type ReplySink } from './reply-source.js';

/** Takes so many values and no more. */
class Sink implements ReplySink {
  readonly values: unknown[] = [];
  ended = false;
  private wake: (() => void) | undefined;

  constructor(private limit: number) {}

  push(value: unknown): boolean {
    if (this.ended) return false;
    this.values.push(value);
    if (this.values.length === this.limit) this.ended = true;
    return !this.ended;
  }

  hasRoom(): boolean {
    return this.ended || this.values.length < this.limit;
  }

  room(): Promise<void> {
    return new Promise(resolve => (this.wake = resolve));
  }

  complete(): void {
    if (!this.ended) this.values.push('completed');
    this.ended = true;
  }

  fail(error: unknown): void {
    this.values.push(error);
    this.ended = true;
    this.wake?.();
  }
}

describe('pumpReply', () => {
  it('stops a source that emits everything while it is subscribed to', () => {
    let emitted = 0;
    const sink = new Sink(3);
    const source = new Observable<number>(subscriber => {
      while (!subscriber.closed && emitted < 1000) subscriber.next((emitted += 1));
    });
    pumpReply(source, sink);
    expect(sink.values).toEqual([1, 2, 3]);
    expect(emitted).toBe(3);
  });

  it('unsubscribes from an Observable when it is told to', () => {
    const left = vi.fn();
    const stop = pumpReply(new Observable(() => left), new Sink(3));
    expect(left).not.toHaveBeenCalled();
    stop();
    expect(left).toHaveBeenCalledOnce();
  });

  it('gives the values of an Observable, and its end', () => {
    const sink = new Sink(10);
    pumpReply(range(1, 3), sink);
    expect(sink.values).toEqual([1, 2, 3, 'completed']);
  });

  it('gives the items of an iterable that an interceptor wrapped', async () => {
    const sink = new Sink(10);
    pumpReply(of(Readable.from([1, 2])), sink);
    await vi.waitFor(() => expect(sink.values).toEqual([1, 2, 'completed']));
  });

  it('hands on what an iterable throws', async () => {
    const sink = new Sink(10);
    pumpReply(
      (async function* () {
        yield 1;
        throw new Error('broken');
      })(),
      sink,
    );
    await vi.waitFor(() => expect(sink.values).toEqual([1, new Error('broken')]));
  });

  it('gives one value for what is neither', () => {
    const sink = new Sink(10);
    pumpReply(undefined, sink);
    expect(sink.values).toEqual([undefined, 'completed']);
  });

  it('ends nothing by itself', () => {
    const sink = new Sink(10);
    pumpReply(NEVER, sink);
    expect(sink.ended).toBe(false);
  });
});
