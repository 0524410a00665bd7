import { LARGE_BYTES, PART_BYTES, type Part } from '../../wire/parts.js';

/** A part is not smaller because a record is nearly full. */
const LEAST_PART_BYTES = 16 * 1024;

/** A part of the first item, which leaves so. */
export interface LeavingPart extends Part {
  /** What the item weighs, in bytes. */
  size: number;
  last: boolean;
}

/** Items of a reply that have not left yet. */
export class PendingItems {
  private items: Buffer[] = [];
  private size = 0;
  /** Bytes of the first item that have left. */
  private begun = 0;

  get count(): number {
    return this.items.length;
  }

  get bytes(): number {
    return this.size;
  }

  /** The first item leaves in parts. */
  get large(): boolean {
    return this.items.length > 0 && this.items[0]!.length > LARGE_BYTES;
  }

  add(item: Buffer): void {
    this.items.push(item);
    this.size += item.length;
  }

  clear(): void {
    this.items = [];
    this.size = 0;
    this.begun = 0;
  }

  /** Drops all but the first ones; one of which a part has left is kept. */
  truncate(count: number): void {
    const kept = this.begun > 0 ? Math.max(count, 1) : count;
    for (const item of this.items.splice(kept)) this.size -= item.length;
  }

  /** The next part of the first item, which is large: about `bytes` at most. */
  takePart(bytes: number): LeavingPart {
    const item = this.items[0]!;
    const at = this.begun;
    const length = Math.min(PART_BYTES, Math.max(bytes, LEAST_PART_BYTES), item.length - at);
    const last = at + length === item.length;
    this.begun = last ? 0 : at + length;
    this.size -= length;
    if (last) this.items.shift();
    return { at, bytes: item.subarray(at, at + length), size: item.length, last };
  }

  /**
   * The first ones: `most` at most, and no further one once they weigh `bytes` (a single one may weigh more), up to
   * one that leaves in parts.
   */
  take(most: number, bytes: number): Buffer[] {
    let count = 0;
    let weight = 0;
    while (count < most && (count === 0 || weight + this.items[count]!.length <= bytes)) {
      if (this.items[count]!.length > LARGE_BYTES) break;
      weight += this.items[count]!.length;
      count += 1;
    }
    this.size -= weight;
    if (count < this.items.length) return this.items.splice(0, count);
    const all = this.items;
    this.items = [];
    return all;
  }
}
