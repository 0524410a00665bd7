import type { ReplyTaker } from './outgoing-call-options.js';
import type { RunningCall } from './running-call.js';

interface Item<T> {
  value: T;
  bytes: number;
}

interface Waiting<T> {
  resolve: (result: IteratorResult<T> | Promise<IteratorResult<T>>) => void;
}

/** A reply that is pulled: items wait here, within the call's window, until they are asked for. */
export class ReplyIterator<T> implements AsyncIterableIterator<T> {
  private readonly call: RunningCall;
  private items: (Item<T> | undefined)[] = [];
  private head = 0;
  private waiting: Waiting<T>[] = [];
  private ending: { error?: unknown } | undefined;

  constructor(start: (taker: ReplyTaker<T>) => RunningCall) {
    this.call = start({
      next: (value, bytes) => this.add({ value, bytes }),
      error: error => this.end({ error }),
      complete: () => this.end({}),
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    const item = this.items[this.head];
    if (item) {
      this.forget();
      this.call.take(item.bytes);
      return Promise.resolve({ done: false, value: item.value });
    }
    if (this.ending) return this.ended(this.ending);
    return new Promise<IteratorResult<T>>(resolve => {
      this.waiting.push({ resolve });
    });
  }

  /** The loop was left: the call ends on both sides. */
  return(): Promise<IteratorResult<T>> {
    this.items = [];
    this.head = 0;
    this.call.unsubscribe();
    this.end({});
    return Promise.resolve({ done: true, value: undefined });
  }

  private add(item: Item<T>): void {
    const waiting = this.waiting.shift();
    if (!waiting) {
      this.items.push(item);
      return;
    }
    waiting.resolve({ done: false, value: item.value });
    this.call.take(item.bytes);
  }

  private end(ending: { error?: unknown }): void {
    this.ending ??= ending;
    for (const { resolve } of this.waiting.splice(0)) resolve(this.ended(this.ending));
  }

  /** An error is thrown once; after it the iterator is done. */
  private ended(ending: { error?: unknown }): Promise<IteratorResult<T>> {
    this.ending = {};
    if ('error' in ending) return Promise.reject(ending.error);
    return Promise.resolve({ done: true, value: undefined });
  }

  private forget(): void {
    this.items[this.head] = undefined;
    this.head += 1;
    if (this.head < this.items.length && this.head < 1024) return;
    this.items.splice(0, this.head);
    this.head = 0;
  }
}
