import type { FrameSource } from '../../link/frame-parcel.js';
import { encodeFrame, type AcceptFrame } from '../../wire/frame.js';
import { PART_BYTES } from '../../wire/parts.js';
import { encodeStatusBody } from '../../wire/status-body.js';
import type { Status } from '../../wire/status.js';
import { PendingItems, type LeavingPart } from './pending-items.js';

/** Items that may wait for credit before a handler that pushes them fails. */
export const MAX_PUSHED_ITEMS = 131_072;
/** Bytes that may wait for credit before a handler that pushes them fails. */
export const MAX_PUSHED_BYTES = 32 * 1024 * 1024;
/** Bytes that may wait to be sent while a handler is pulled; it goes on when they have left. */
const PULL_AHEAD_BYTES = 512 * 1024;
/** A stream whose last items left longer ago is slow: its next item may wait for others. In ms. */
const SLOW_AFTER_MS = 20;

/** What a client is ready for: items from the start of the call, bytes from the start of the execution. */
export interface Credit {
  items: number;
  bytes: number;
}

export interface ReplyStreamOptions {
  accept: AcceptFrame;
  /** What the client was ready for when it sent the request. */
  credit: Credit;
  /** Items that the client has of an earlier execution: the first one here is the next. */
  resumeFrom: number;
  /** The client has been told already that the execution runs. */
  announced: boolean;
  /** The client is told who answers even where the whole reply leaves at once. Default false. */
  introduced?: boolean;
  /** Where a handler pushes more than the client has credit for, what waits gives way to the newest item. */
  keepLatest: boolean;
  /** Asks the sender to call `take` when the next record for this client is made; a patient one may wait for others. */
  post(source: FrameSource, bytes: number, patient: boolean): void;
  /** The client is being told that the execution runs. */
  onAnnounced(): void;
  /** Items leave and the reply goes on: it is a stream. */
  onStreaming(): void;
  /** What is there, or could be had of the handler, waits until the client is ready for more. */
  onStarved?(): void;
  /** The last frame was acknowledged, or can not be sent at all. */
  onSettled(): void;
}

/**
 * The reply of one execution on its way out: items wait here until the client has credit and the sender has room,
 * and then leave in as few frames as they fit in.
 */
export class ReplyStream implements FrameSource {
  private readonly pending = new PendingItems();
  private sent: number;
  private sentBytes = 0;
  /** What `sent` was when each record that is not acknowledged yet was made. */
  private readonly unacknowledged: number[] = [];
  private acknowledged: number;
  private granted: Credit;
  private ending: 'complete' | 'draining' | Status | undefined;
  private posted: 'urgently' | 'patiently' | undefined;
  private lastLeftAt = 0;
  private announced: boolean;
  private announcing = false;
  private streaming = false;
  private lastFrameTaken = false;
  private settled = false;
  private starved = false;
  private waitingForRoom: (() => void) | undefined;

  constructor(private readonly options: ReplyStreamOptions) {
    this.sent = options.resumeFrom;
    this.acknowledged = options.resumeFrom;
    this.granted = options.credit;
    this.announced = options.announced;
  }

  get ended(): boolean {
    return this.ending !== undefined;
  }

  /** The handler is done, and the rest of its reply waits for the client. */
  get stalled(): boolean {
    return this.ended && this.pending.count > 0 && this.sendable <= 0;
  }

  /** Tells the client that the execution runs and where it can be reached, unless it has been told. */
  announce(): void {
    if (this.announced || this.ended) return;
    this.announcing = true;
    this.schedule(0);
  }

  /** Adds an item of a handler that pushes. False, and nothing added, where the bound would be passed. */
  push(item: Buffer): boolean {
    if (this.options.keepLatest) this.pending.truncate(Math.max(this.sendable, 0));
    const { count, bytes } = this.pending;
    const full = count >= MAX_PUSHED_ITEMS || bytes + item.length > MAX_PUSHED_BYTES;
    if (full && count > 0 && !this.ended) {
      if (!this.options.keepLatest) return false;
      this.pending.truncate(0);
    }
    this.add(item);
    return true;
  }

  /** Resolves once there is credit and room for another item, or the stream has ended. */
  async room(): Promise<void> {
    while (!this.hasRoom()) {
      if (this.pending.count === 0) this.starve();
      await new Promise<void>(resolve => {
        this.waitingForRoom = resolve;
      });
    }
  }

  hasRoom(): boolean {
    const { count, bytes } = this.pending;
    return (
      this.ended ||
      (this.sent + count < this.granted.items &&
        this.sentBytes + bytes < this.granted.bytes &&
        bytes < PULL_AHEAD_BYTES)
    );
  }

  /** Adds an item, whatever waits. */
  add(item: Buffer): void {
    if (this.ended) return;
    this.pending.add(item);
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
    this.endNow(status);
  }

  /** This process stops: the client is told, and may go on with another instance. */
  drain(): void {
    this.endNow('draining');
  }

  /** The client wants nothing more: whatever waits is dropped and nothing more is sent. */
  cancel(): void {
    this.pending.clear();
    this.ending ??= 'complete';
    this.lastFrameTaken = true;
    this.wake();
    this.settle();
  }

  grant(credit: Credit): void {
    this.starved = false;
    const { items, bytes } = this.granted;
    this.granted = { items: Math.max(items, credit.items), bytes: Math.max(bytes, credit.bytes) };
    if (this.pending.count > 0 || this.ended) this.schedule(0);
    this.wake();
  }

  take(maxBytes: number): Buffer[] {
    this.posted = undefined;
    if (this.lastFrameTaken) {
      this.unacknowledged.push(this.sent);
      return [];
    }
    const seq = this.sent;
    const part = this.pending.large && this.sendable > 0 ? this.takePart(maxBytes) : undefined;
    const items = part ? NO_ITEMS : this.takeItems(maxBytes);
    const whole = this.ended && this.pending.count === 0;
    if (!part) this.sent += items.length;
    else if (part.last) this.sent += 1;
    const frames = this.framesFor(seq, items, part, whole);
    this.lastFrameTaken = whole;
    if (this.streaming) this.lastLeftAt = performance.now();
    this.unacknowledged.push(this.sent);
    if (!whole && this.sendable > 0) this.schedule(this.pending.bytes);
    this.wake();
    return frames;
  }

  delivered(): void {
    this.acknowledged = this.unacknowledged.shift() ?? this.acknowledged;
    if (this.lastFrameTaken) this.settle();
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

  /** Items that may leave now. The last of them may take the bytes past what the client granted, never by more. */
  private get sendable(): number {
    if (this.sentBytes >= this.granted.bytes) return 0;
    return Math.min(this.pending.count, this.granted.items - this.sent);
  }

  private end(ending: 'complete' | 'draining' | Status): void {
    if (this.ended) return;
    this.ending = ending;
    this.wake();
    // A client that grants nothing and is told of nothing would never be missed.
    if (!this.announced && this.stalled) this.announcing = true;
    this.schedule(0);
  }

  private endNow(ending: 'draining' | Status): void {
    if (this.lastFrameTaken) return;
    this.pending.clear();
    this.ending = undefined;
    this.end(ending);
  }

  private schedule(bytes: number): void {
    if (this.posted === 'urgently' || this.lastFrameTaken) return;
    if (this.sendable <= 0 && this.pending.count > 0) this.starve();
    if (this.sendable <= 0 && !(this.ended && this.pending.count === 0) && !this.announcing) return;
    const patient = this.patient;
    if (this.posted && patient) return;
    this.posted = patient ? 'patiently' : 'urgently';
    this.options.post(this, this.pending.large ? PART_BYTES : bytes, patient);
  }

  private starve(): void {
    if (this.starved) return;
    this.starved = true;
    this.options.onStarved?.();
  }

  /** A later item of a slow stream: many such streams would otherwise cost the calls beside them a request each. */
  private get patient(): boolean {
    return this.streaming && !this.ended && performance.now() - this.lastLeftAt > SLOW_AFTER_MS;
  }

  private takePart(maxBytes: number): LeavingPart {
    const part = this.pending.takePart(maxBytes);
    this.sentBytes += part.bytes.length;
    return part;
  }

  private takeItems(maxBytes: number): readonly Buffer[] {
    const granted = this.granted.bytes - this.sentBytes;
    const before = this.pending.bytes;
    const items = this.pending.take(Math.max(this.sendable, 0), Math.min(maxBytes, granted));
    this.sentBytes += before - this.pending.bytes;
    return items;
  }

  private framesFor(
    seq: number,
    items: readonly Buffer[],
    part: LeavingPart | undefined,
    whole: boolean,
  ): Buffer[] {
    const { accept } = this.options;
    const { callId, execution } = accept;
    const frames: Buffer[] = [];
    const total = this.sent;
    if (!this.announced && (!whole || this.options.introduced)) {
      frames.push(encodeFrame(accept));
      this.announced = true;
      if (!whole) this.options.onAnnounced();
    }
    this.announcing = false;
    if (part) {
      const { at, size, bytes } = part;
      frames.push(encodeFrame({ kind: 'part', callId, execution, seq, at, size, bytes }));
      // Of a reply that has ended it may be the only item.
      if (!this.ended) this.beginStream();
    }
    if (whole && this.ending === 'complete') {
      frames.push(encodeFrame({ kind: 'complete', callId, execution, total, items }));
      return frames;
    }
    if (items.length > 0) {
      frames.push(encodeFrame({ kind: 'next', callId, execution, seq, items }));
      if (!whole) this.beginStream();
    }
    if (whole) frames.push(this.errorFrame(total));
    return frames;
  }

  private beginStream(): void {
    if (this.streaming) return;
    this.streaming = true;
    this.options.onStreaming();
  }

  private errorFrame(total: number): Buffer {
    const { callId, execution } = this.options.accept;
    const draining = this.ending === 'draining';
    const status = draining ? DRAINING : (this.ending as Status);
    const body = encodeStatusBody(status);
    return encodeFrame({ kind: 'error', callId, execution, total, code: status.code, draining, body });
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

const NO_ITEMS: readonly Buffer[] = [];
const DRAINING: Status = { code: 'UNAVAILABLE', message: 'the server is draining' };
