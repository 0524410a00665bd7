import { ParleyException } from '../exceptions/parley-exception.js';
import type { AssemblyBudget, Reservation } from '../link/assembly-budget.js';
import { FULL_SHARE_BYTES } from '../link/receive-budget.js';
import type { PartFrame } from '../wire/frame.js';
import { PartAssembly } from '../wire/part-assembly.js';

/** What may come of items before there is room for them all: no server is granted as much for anything else. */
const UNRESERVED_BYTES = 2 * FULL_SHARE_BYTES;

/** Items of one reply that are not whole: they come one after another, so that more have been lost than not. */
const MAX_ITEMS = 4;

export interface LargeItemsOptions {
  pattern: string;
  /** What an item may weigh, in bytes. */
  maxItemBytes: number;
  budget: AssemblyBudget;
  /** There is room for so many bytes more: the server may send them. */
  onReserved(bytes: number): void;
  /** So many bytes that there was room for are no longer waited for. */
  onReleased(bytes: number): void;
}

interface Item {
  assembly: PartAssembly;
  reservation?: Reservation;
  reserved: boolean;
}

/** The items of one call's reply that come in parts and are not whole yet. */
export class LargeItems {
  private readonly items = new Map<number, Item>();
  private bytes = 0;
  private reserved = 0;

  constructor(private readonly options: LargeItemsOptions) {}

  /** Parts have not come of what comes before something that has; `next` is the item that is to come next. */
  gap(next: number): boolean {
    for (const [seq, { assembly }] of this.items) if (seq > next || assembly.gap) return true;
    return false;
  }

  /**
   * The item, once it is whole. Raises a ParleyException: INVALID_ARGUMENT for an item beyond the limit,
   * RESOURCE_EXHAUSTED for a server that sends more than it was granted; a WireError for parts of no whole.
   */
  add({ seq, at, size, bytes }: PartFrame): Buffer | undefined {
    const { assembly } = this.items.get(seq) ?? this.begin(seq, size);
    if (assembly.size !== size)
      throw new ParleyException(
        'DATA_LOSS',
        `item ${seq} of ${this.of} weighs ${assembly.size} or ${size} bytes`,
      );
    if (assembly.add({ at, bytes })) this.bytes += bytes.length;
    if (assembly.whole) {
      const item = assembly.take();
      this.drop(seq);
      return item;
    }
    if (this.bytes > this.reserved + UNRESERVED_BYTES)
      throw new ParleyException(
        'RESOURCE_EXHAUSTED',
        `the server sent more of ${this.of} than it was granted`,
      );
    return undefined;
  }

  /** Items before number `next` are not waited for any more. */
  forget(next: number): void {
    for (const seq of this.items.keys()) if (seq < next) this.drop(seq);
  }

  clear(): void {
    this.forget(Infinity);
  }

  private begin(seq: number, size: number): Item {
    const { budget, maxItemBytes } = this.options;
    if (size > maxItemBytes)
      throw new ParleyException(
        'INVALID_ARGUMENT',
        `item ${seq} of ${this.of} weighs ${size} bytes; the limit here is ${maxItemBytes} (maxItemBytes)`,
      );
    if (this.items.size >= MAX_ITEMS)
      throw new ParleyException('DATA_LOSS', `parts of ${MAX_ITEMS} items of ${this.of} were lost`);
    const item: Item = { assembly: new PartAssembly(size), reserved: false };
    this.items.set(seq, item);
    item.reservation = budget.reserve(size, () => {
      item.reserved = true;
      this.reserved += size;
      this.options.onReserved(size);
    });
    return item;
  }

  private drop(seq: number): void {
    const item = this.items.get(seq);
    if (!item) return;
    this.items.delete(seq);
    this.bytes -= item.assembly.filled;
    if (item.reserved) {
      this.reserved -= item.assembly.size;
      this.options.onReleased(item.assembly.size);
    }
    item.reservation?.release();
  }

  private get of(): string {
    return `the reply to ${this.options.pattern}`;
  }
}
