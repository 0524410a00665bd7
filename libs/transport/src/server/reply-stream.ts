import type { FrameSource } from '../link/frame-parcel.js';
import { encodeFrame, type AcceptFrame } from '../wire/frame.js';
import { encodeStatusBody } from '../wire/status-body.js';
import type { Status } from '../wire/status.js';

/** Items that may wait for credit before a handler that pushes them fails. */
export const MAX_PUSHED_ITEMS = 131_072;
/** Bytes that may wait for credit before a handler that pushes them fails. */
export const MAX_PUSHED_BYTES = 32 * 1024 * 1024;
/** Bytes that may wait to be sent while a handler is pulled; it goes on when they have left. */
const PULL_AHEAD_BYTES = 512 * 1024;

export interface ReplyStreamOptions {
  callId: string;
  execution: string;
  accept: AcceptFrame;
  /** Items the client was ready for when it sent the request. */
  credit: number;
  /** Asks the sender to call `take` when the next record for this client is made. */
  post(source: FrameSource, bytes: number): void;
  /** The first frames were acknowledged by the broker and the call goes on. */
  onStarted(): void;
  /** The last frame was acknowledged, or can not be sent at all. */
  onSettled(): void;
}

/**
 * The reply of one execution on its way out: items wait here until the client has credit and the sender has room,
 * and then leave in as few frames as they fit in.
 */
export class ReplyStream implements FrameSource {
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private sent = 0;
  /** What `sent` was when each record that is not acknowledged yet was made. */
  private readonly unacknowledged: number[] = [];
  private acknowledged = 0;
  private granted: number;
  private ending: 'complete' | Status | undefined;
  private posted = false;
  private accepted = false;
  private announcing = false;
  private started = false;
  private lastFrameTaken = false;
  private settled = false;
  private waitingForRoom: (() => void) | undefined;

  constructor(private readonly options: ReplyStreamOptions) {
    this.granted = options.credit;
  }

  get ended(): boolean {
    return this.ending !== undefined;
  }

  /** Tells the client that the execution runs and where it can be reached, unless it has been told. */
  announce(): void {
    if (this.accepted || this.ended) return;
    this.announcing = true;
    this.schedule(0);
  }

  /** Adds an item of a handler that pushes. False, and nothing added, where the bound would be passed. */
  push(item: Buffer): boolean {
    const full =
      this.pending.length >= MAX_PUSHED_ITEMS || this.pendingBytes + item.length > MAX_PUSHED_BYTES;
    if (full && this.pending.length > 0 && !this.ended) return false;
    this.add(item);
    return true;
  }

  /** Resolves once there is credit and room for another item, or the stream has ended. */
  async room(): Promise<void> {
    while (!this.hasRoom()) {
      await new Promise<void>(resolve => {
        this.waitingForRoom = resolve;
      });
    }
  }

  hasRoom(): boolean {
    return (
      this.ended || (this.sent + this.pending.length < this.granted && this.pendingBytes < PULL_AHEAD_BYTES)
    );
  }

  /** Adds an item, whatever waits. */
  add(item: Buffer): void {
    if (this.ended) return;
    this.pending.push(item);
    this.pendingBytes += item.length;
    this.schedule(item.length);
  }

  complete(): void {
    this.end('complete');
  }

  fail(status: Status): void {
    this.end(status);
  }

  /** Fails the call at once: what waits is dropped. */
  failNow(status: Status): void {
    if (this.lastFrameTaken) return;
    this.pending = [];
    this.pendingBytes = 0;
    this.ending = undefined;
    this.end(status);
  }

  /** The client wants nothing more: whatever waits is dropped and nothing more is sent. */
  cancel(): void {
    this.pending = [];
    this.pendingBytes = 0;
    this.ending ??= 'complete';
    this.lastFrameTaken = true;
    this.wake();
    this.settle();
  }

  /** The client is ready for `items` in all. */
  grant(items: number): void {
    if (items <= this.granted) return;
    this.granted = items;
    if (this.pending.length > 0 || this.ended) this.schedule(0);
    this.wake();
  }

  take(maxBytes: number): Buffer[] {
    this.posted = false;
    if (this.lastFrameTaken) {
      this.unacknowledged.push(this.sent);
      return [];
    }
    const items = this.takeItems(maxBytes);
    const whole = this.ended && this.pending.length === 0;
    const frames = this.framesFor(items, whole);
    this.lastFrameTaken = whole;
    this.sent += items.length;
    this.unacknowledged.push(this.sent);
    if (!whole && this.sendable > 0) this.schedule(this.pendingBytes);
    this.wake();
    return frames;
  }

  delivered(): void {
    this.acknowledged = this.unacknowledged.shift() ?? this.acknowledged;
    if (this.lastFrameTaken) this.settle();
    else if (!this.started) {
      this.started = true;
      this.options.onStarted();
    }
  }

  /** The broker does not take the frames: where they are too large the client is told so instead. */
  failed(status: Status): void {
    if (this.settled) return;
    if (status.code !== 'INVALID_ARGUMENT') {
      this.cancel();
      return;
    }
    this.lastFrameTaken = false;
    this.sent = this.acknowledged;
    this.failNow({ code: 'RESOURCE_EXHAUSTED', message: `the reply could not be sent: ${status.message}` });
  }

  private get sendable(): number {
    return Math.min(this.pending.length, this.granted - this.sent);
  }

  private end(ending: 'complete' | Status): void {
    if (this.ended) return;
    this.ending = ending;
    this.wake();
    this.schedule(0);
  }

  private schedule(bytes: number): void {
    if (this.posted || this.lastFrameTaken) return;
    if (this.sendable === 0 && !(this.ended && this.pending.length === 0) && !this.announcing) return;
    this.posted = true;
    this.options.post(this, bytes);
  }

  private takeItems(maxBytes: number): Buffer[] {
    const limit = this.sendable;
    let count = 0;
    let bytes = 0;
    while (count < limit && (count === 0 || bytes + this.pending[count]!.length <= maxBytes)) {
      bytes += this.pending[count]!.length;
      count += 1;
    }
    if (count === this.pending.length) {
      const all = this.pending;
      this.pending = [];
      this.pendingBytes = 0;
      return all;
    }
    this.pendingBytes -= bytes;
    return this.pending.splice(0, count);
  }

  private framesFor(items: Buffer[], whole: boolean): Buffer[] {
    const { callId, execution, accept } = this.options;
    const frames: Buffer[] = [];
    const total = this.sent + items.length;
    if (!whole && !this.accepted) {
      frames.push(encodeFrame(accept));
      this.accepted = true;
    }
    this.announcing = false;
    if (whole && this.ending === 'complete') {
      frames.push(encodeFrame({ kind: 'complete', callId, execution, total, items }));
      return frames;
    }
    if (items.length > 0)
      frames.push(encodeFrame({ kind: 'next', callId, execution, seq: this.sent, items }));
    if (whole) {
      const { code } = this.ending as Status;
      frames.push(
        encodeFrame({
          kind: 'error',
          callId,
          execution,
          total,
          code,
          body: encodeStatusBody(this.ending as Status),
        }),
      );
    }
    return frames;
  }

  private settle(): void {
    if (this.settled) return;
    this.settled = true;
    this.options.onSettled();
  }

  private wake(): void {
    const resume = this.waitingForRoom;
    this.waitingForRoom = undefined;
    resume?.();
  }
}
