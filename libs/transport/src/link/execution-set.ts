/**
 * Executions by id, with a digest of the ids: their exclusive or. Two sides that hold the same executions have the
 * same digest, whatever the order in which they came to hold them.
 */
export class ExecutionSet<T> implements Iterable<[string, T]> {
  private readonly held = new Map<string, T>();
  private high = 0;
  private low = 0;

  get size(): number {
    return this.held.size;
  }

  /** 16 hexadecimal digits. */
  get digest(): string {
    return hex(this.high) + hex(this.low);
  }

  get(execution: string): T | undefined {
    return this.held.get(execution);
  }

  add(execution: string, value: T): void {
    if (!this.held.has(execution)) this.mix(execution);
    this.held.set(execution, value);
  }

  delete(execution: string): boolean {
    if (!this.held.delete(execution)) return false;
    this.mix(execution);
    return true;
  }

  ids(): string[] {
    return [...this.held.keys()];
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.held.entries();
  }

  /** An id is 64 random bits: they are their own digest. Adding and removing are the same operation. */
  private mix(execution: string): void {
    const bits = Buffer.alloc(8);
    bits.write(execution, 'base64url');
    this.high = (this.high ^ bits.readUInt32BE(0)) >>> 0;
    this.low = (this.low ^ bits.readUInt32BE(4)) >>> 0;
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
