import type { Message, Producer } from 'kafkajs';

/** kafkajs groups records by partition in quadratic time: larger batches cost more than they save. */
const MAX_BATCH = 1_000;

interface Batch {
  messages: Message[];
  acknowledged: PromiseWithResolvers<void>;
}

/** Sends to one topic with one request in flight: what arrives meanwhile leaves in the next. */
export class CoalescingSender {
  readonly #waiting: Batch[] = [];
  #draining = false;

  constructor(
    private readonly producer: Producer,
    private readonly topic: string,
  ) {}

  /** Resolves once the message has been acknowledged. */
  send(message: Message): Promise<void> {
    let batch = this.#waiting.at(-1);
    if (!batch || batch.messages.length === MAX_BATCH) {
      batch = { messages: [], acknowledged: withResolvers() };
      this.#waiting.push(batch);
    }
    batch.messages.push(message);
    if (!this.#draining) void this.#drain();
    return batch.acknowledged.promise;
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    await Promise.resolve(); // What the same tick sends leaves together.
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) {
      const { resolve, reject } = batch.acknowledged;
      await this.producer
        .send({ topic: this.topic, messages: batch.messages, acks: -1 })
        .then(() => resolve(), reject);
    }
    this.#draining = false;
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers(): PromiseWithResolvers<void> {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
}
