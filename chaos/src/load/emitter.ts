import { setTimeout as sleep } from 'node:timers/promises';
import { type ParleyClient, ParleyRecordBuilder, type RecordMetadata } from '@parley/transport';
import { clock } from '@parley/tools/processes';
import { firstValueFrom } from 'rxjs';
import type { EventId } from '../journal/entry.js';
import type { Notebook } from '../journal/journal.js';
import type { Random } from '../random.js';
import { failureOf } from './caller.js';

/** The pattern of every event. */
export const COUNTED = 'counted';

/** Events of one key that may wait for their acknowledgement. */
const MOST_OPEN = 16;

/** Numbers its key's events and emits one after the other, without waiting for the acknowledgement of the last. */
export class Emitter {
  #running = false;
  #next = 0;
  readonly #open = new Set<Promise<void>>();

  constructor(
    private readonly client: ParleyClient,
    private readonly notebook: Notebook,
    private readonly key: string,
    private readonly random: Random,
  ) {}

  get open(): number {
    return this.#open.size;
  }

  /** Resolves with the last acknowledgement, once it was told to stop. */
  async run(): Promise<void> {
    this.#running = true;
    while (this.#running) {
      if (this.#open.size < MOST_OPEN) this.#emit({ key: this.key, n: this.#next++ });
      await sleep(this.random.between(5, 80));
    }
    await Promise.all(this.#open);
  }

  stop(): void {
    this.#running = false;
  }

  #emit(event: EventId): void {
    const record = new ParleyRecordBuilder(event).setKey(this.key).build();
    const ended = firstValueFrom(this.client.emit<RecordMetadata>(COUNTED, record)).then(
      ({ partition, offset }) =>
        this.notebook.write({ is: 'acknowledged', at: clock(), ...event, partition, offset }),
      (error: unknown) => this.notebook.write({ is: 'refused', at: clock(), ...event, ...failureOf(error) }),
    );
    this.#open.add(ended);
    void ended.finally(() => this.#open.delete(ended));
  }
}
