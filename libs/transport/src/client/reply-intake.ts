import { ParleyException } from '../exceptions/parley-exception.js';
import type { AssemblyBudget } from '../link/assembly-budget.js';
import type { CompleteFrame, ErrorFrame, PartFrame } from '../wire/frame.js';
import { WireError } from '../wire/wire-error.js';
import { LargeItems } from './large-items.js';
import type { ReplyCredit } from './reply-credit.js';
import { ReplySequence } from './reply-sequence.js';

export interface ReplyIntakeOptions {
  pattern: string;
  /** Items that may be on their way at a time. */
  window: number;
  /** What an item may weigh, in bytes. */
  maxItemBytes: number;
  /** Room for the items that come in parts. */
  assembling: AssemblyBudget;
  credit: ReplyCredit;
  /** There is room for an item that comes in parts: its server is to be told. */
  onRoom(): void;
}

const NO_ITEMS: readonly Buffer[] = [];

/**
 * What has come of a call's reply. Every way of taking something in gives the items that are in order now, and
 * raises a ParleyException where the reply cannot be whole any more, or a server sends more than it was granted.
 */
export class ReplyIntake {
  private readonly sequence: ReplySequence;
  /** Made for the first item that comes in parts: most replies have none. */
  private large: LargeItems | undefined;
  private last: CompleteFrame | ErrorFrame | undefined;

  constructor(private readonly options: ReplyIntakeOptions) {
    this.sequence = new ReplySequence(options.window);
  }

  /** Items that have come in order, all executions of the call together. */
  get received(): number {
    return this.sequence.received;
  }

  items(seq: number, items: readonly Buffer[]): readonly Buffer[] {
    const ready = this.sequence.accept(seq, items);
    if (!ready) throw this.loss();
    if (this.received > this.options.credit.items) throw this.excess();
    return ready;
  }

  part(part: PartFrame): readonly Buffer[] {
    if (part.seq < this.received) return NO_ITEMS;
    if (part.seq >= this.options.credit.items) throw this.excess();
    let item: Buffer | undefined;
    try {
      item = (this.large ??= this.largeItems()).add(part);
    } catch (error) {
      throw error instanceof WireError ? unreadable(this.options.pattern, part.seq, error) : error;
    }
    return item ? this.items(part.seq, [item]) : NO_ITEMS;
  }

  lastFrame(frame: CompleteFrame | ErrorFrame): readonly Buffer[] {
    this.last = frame;
    const items = frame.kind === 'complete' ? frame.items : NO_ITEMS;
    return this.items(frame.total - items.length, items);
  }

  /** What is in order has been handed on. */
  handedOn(): void {
    this.large?.forget(this.received);
  }

  /** Something has not come, and others after it have, or the end. */
  get waits(): boolean {
    const { received, gap } = this.sequence;
    return gap || (this.last?.total ?? 0) > received || (this.large?.gap(received) ?? false);
  }

  /** The last frame, once all before it has come; raises DATA_LOSS where more has come. */
  get ending(): CompleteFrame | ErrorFrame | undefined {
    if (!this.last || this.waits) return undefined;
    if (this.last.total < this.received) throw this.loss();
    return this.last;
  }

  /** DATA_LOSS, with what is missing. */
  loss(): ParleyException {
    const { received, gap, missing } = this.sequence;
    const to = gap ? missing.to : (this.last?.total ?? received + Number(this.large?.gap(received)));
    return new ParleyException(
      'DATA_LOSS',
      to > received
        ? `items ${received} to ${to - 1} of the reply to ${this.options.pattern} were lost`
        : `the reply to ${this.options.pattern} ended after ${to} items, and ${received} had come`,
    );
  }

  /** Another execution goes on: what came early of the one before is of no use. */
  restart(): void {
    this.last = undefined;
    this.sequence.restart();
    this.large?.clear();
  }

  clear(): void {
    this.large?.clear();
  }

  private largeItems(): LargeItems {
    const { pattern, maxItemBytes, assembling, credit } = this.options;
    return new LargeItems({
      pattern,
      maxItemBytes,
      budget: assembling,
      onReserved: bytes => {
        credit.extend(bytes);
        this.options.onRoom();
      },
      onReleased: bytes => credit.extend(-bytes),
    });
  }

  private excess(): ParleyException {
    const { pattern, credit } = this.options;
    return new ParleyException(
      'RESOURCE_EXHAUSTED',
      `the server of ${pattern} sent more than the ${credit.items} items that it was granted`,
    );
  }
}

/** DATA_LOSS for bytes that are no item. */
export function unreadable(pattern: string, seq: number, error: WireError): ParleyException {
  return new ParleyException(
    'DATA_LOSS',
    `item ${seq} of the reply to ${pattern} cannot be read: ${error.message}`,
  );
}
