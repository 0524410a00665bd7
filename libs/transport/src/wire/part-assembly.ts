import { MIN_PART_BYTES, type Part } from './parts.js';
import { WireError } from './wire-error.js';

/**
 * Puts parts together again. They come in order as a rule; what comes twice is dropped, and what comes early waits.
 * Holds copies of what came and nothing else: a claimed size costs nothing.
 */
export class PartAssembly {
  /** In the order of the whole; none covers what another does. */
  private parts: Part[] = [];
  /** Bytes that have come. */
  filled = 0;

  constructor(readonly size: number) {}

  get whole(): boolean {
    return this.filled === this.size;
  }

  /** Something before what has come has not. */
  get gap(): boolean {
    const last = this.parts.at(-1);
    return last !== undefined && endOf(last) !== this.filled;
  }

  /**
   * Takes a part in: false for one that came already. Raises WireError for one that cannot be of this whole: beyond
   * its end, too small, or at odds with what came.
   */
  add(part: Part): boolean {
    const { at, bytes } = part;
    const end = endOf(part);
    if (end > this.size) throw new WireError(`a part ends at byte ${end} of ${this.size}`);
    if (bytes.length === 0 || (bytes.length < MIN_PART_BYTES && end !== this.size))
      throw new WireError(`a part of ${bytes.length} bytes; only a last one is less than ${MIN_PART_BYTES}`);
    const next = this.firstAfter(at);
    const before = this.parts[next - 1];
    const after = this.parts[next];
    if ((!before || endOf(before) <= at) && (!after || end <= after.at)) {
      // Views would keep everything that was fetched together in memory.
      this.parts.splice(next, 0, { at, bytes: Buffer.from(bytes) });
      this.filled += bytes.length;
      return true;
    }
    if (this.covers(next - 1, at, end)) return false;
    throw new WireError(`a part from byte ${at} to ${end} covers what came only in part`);
  }

  /** The whole, once it is. */
  take(): Buffer {
    const whole = this.parts.length === 1 ? this.parts[0]!.bytes : Buffer.concat(this.parts.map(bytesOf));
    this.parts = [];
    return whole;
  }

  /** The first part that begins after `at`: none as a rule, so it is looked for at the end first. */
  private firstAfter(at: number): number {
    const { parts } = this;
    let high = parts.length;
    if (high === 0 || parts[high - 1]!.at <= at) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (parts[middle]!.at > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Whether what came covers the stretch without a hole, the part at `index` being the last that begins before it. */
  private covers(index: number, at: number, end: number): boolean {
    let covered = at;
    for (let part = this.parts[index]; part && part.at <= covered; part = this.parts[(index += 1)]) {
      covered = Math.max(covered, endOf(part));
      if (covered >= end) return true;
    }
    return false;
  }
}

function endOf({ at, bytes }: Part): number {
  return at + bytes.length;
}

function bytesOf({ bytes }: Part): Buffer {
  return bytes;
}
