/** Bytes of an answer that may wait to be taken; beyond them its writer waits. */
const HIGH_WATER_BYTES = 64 * 1024;
/** The largest item that an answer leaves in, in bytes. */
const MAX_ITEM_BYTES = 256 * 1024;

type Written = () => void;

/** An answer between whoever writes it and the call that it leaves by: one waits for the other. */
export class AnswerBytes implements AsyncIterableIterator<Buffer> {
  private chunks: Buffer[] = [];
  private length = 0;
  private held: Written | undefined;
  private waiting: { resolve(result: IteratorResult<Buffer>): void; reject(error: Error): void } | undefined;
  private ending: 'whole' | Error | undefined;

  /** `onLeft` is told when nobody wants the rest. */
  constructor(private readonly onLeft: () => void) {}

  /** Whether the writer waits for room. */
  get full(): boolean {
    return this.held !== undefined;
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.chunks.push(bytes);
    this.length += bytes.length;
  }

  /** Everything of one write was added: `written` is called once there is room for the next. */
  wrote(written: Written): void {
    if (this.length >= HIGH_WATER_BYTES) this.held = written;
    else written();
    this.pass();
  }

  /** Nothing more will be written: the answer is whole, or cut off. What waits can still be taken. */
  end(ending: 'whole' | Error): void {
    this.ending ??= ending;
    this.pass();
  }

  /** What waits, up to the size of an item. */
  next(): Promise<IteratorResult<Buffer>> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.pass();
    });
  }

  return(): Promise<IteratorResult<Buffer>> {
    this.onLeft();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What waits, up to the size of an item. */
  takeItem(): Buffer {
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks, this.length);
    const item = all.subarray(0, MAX_ITEM_BYTES);
    this.chunks = item.length < all.length ? [all.subarray(MAX_ITEM_BYTES)] : [];
    this.length = all.length - item.length;
    if (this.held && this.length < HIGH_WATER_BYTES) {
      const { held } = this;
      this.held = undefined;
      held();
    }
    return item;
  }

  /** Gives whoever waits what there is: bytes, the end, or why there are no more. */
  private pass(): void {
    const { waiting } = this;
    if (!waiting || (this.length === 0 && !this.ending)) return;
    this.waiting = undefined;
    if (this.length > 0) waiting.resolve({ done: false, value: this.takeItem() });
    else if (this.ending === 'whole') waiting.resolve({ done: true, value: undefined });
    else waiting.reject(this.ending as Error);
  }
}
