import { Readable } from 'node:stream';
import type { ControlReceiver } from '../link/frame-router.js';
import type { Link } from '../link/link.js';
import type { SharedExecution } from '../link/peer.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { pumpReply, type ReplySink } from '../server/calls/reply-source.js';
import { ReplyStream } from '../server/calls/reply-stream.js';
import type { AskFrame, ClientFrame } from '../wire/frame.js';
import type { InstanceAddress } from '../wire/header.js';
import { encodeItem } from '../wire/item.js';
import type { RequestUpload, ServerAddress } from './outgoing-call-options.js';

export interface OutgoingUploadOptions {
  source: AsyncIterable<unknown>;
  pattern: string;
  link: Pick<Link, 'address' | 'newExecutionId' | 'options' | 'peers' | 'router' | 'sender'>;
  inboxOf(server: ServerAddress): InstanceAddress;
  /** What is to be sent next is the source's to give. */
  onSourceAwaited(): void;
  /** The server is to take what waits, or has it all. */
  onServerAwaited(): void;
  /** The source threw, or gave what cannot be sent: the call ends. */
  onFailed(error: unknown): void;
}

/** Sources that have been read from: read once more they would give less than they hold. */
const begun = new WeakSet<AsyncIterable<unknown>>();

/**
 * The items that go with a request, on their way out: a reply to the server, which asked for it and grants it credit.
 * Ends with its call at the latest.
 */
export class OutgoingUpload implements RequestUpload, ControlReceiver, ReplySink, SharedExecution {
  private reply: ReplyStream | undefined;
  private stopSource: (() => void) | undefined;
  private over = false;

  constructor(private readonly options: OutgoingUploadOptions) {}

  get begun(): boolean {
    return this.reply !== undefined;
  }

  /** Sends the items to the server that asks. Asked once more it does nothing. */
  begin(ask: AskFrame): void {
    const { source, pattern } = this.options;
    if (this.reply || this.over) return;
    if (begun.has(source)) {
      this.options.onFailed(
        new ParleyException('ABORTED', `the upload of ${pattern} has begun before and cannot be sent again`),
      );
      return;
    }
    begun.add(source);
    this.reply = this.replyTo(ask, this.options.inboxOf(ask));
    this.options.onSourceAwaited();
    this.stopSource = pumpReply(source, this);
  }

  /** The call has ended. */
  end(): void {
    this.stop();
    this.reply?.cancel();
  }

  receive(frame: ClientFrame): void {
    if (frame.kind === 'credit') this.reply?.grant(frame);
    else this.lost();
  }

  /** The server takes no more of it. What that means is for its answer to say. */
  lost(): void {
    const wasOver = this.over;
    this.end();
    if (!wasOver) this.options.onServerAwaited();
  }

  hasRoom(): boolean {
    return this.reply?.hasRoom() ?? false;
  }

  async room(): Promise<void> {
    this.options.onServerAwaited();
    await this.reply?.room();
    if (!this.over) this.options.onSourceAwaited();
  }

  get ended(): boolean {
    return this.over;
  }

  push(value: unknown): boolean {
    const { link, pattern } = this.options;
    const { codec, maxItemBytes } = link.options;
    if (this.over) return false;
    try {
      const item = encodeItem(codec, value);
      if (item.length > maxItemBytes) throw tooLarge(pattern, item.length, maxItemBytes);
      this.reply?.add(item);
      return true;
    } catch (error) {
      this.options.onFailed(error);
      return false;
    }
  }

  complete(): void {
    if (this.over) return;
    this.over = true;
    this.reply?.complete();
    this.options.onServerAwaited();
  }

  fail(error: unknown): void {
    if (!this.over) this.options.onFailed(error);
  }

  private stop(): void {
    if (this.over) return;
    this.over = true;
    if (this.stopSource) this.stopSource();
    else if (!this.reply) this.leaveUnread();
  }

  /** Nobody asked for it: what its source holds open is let go. */
  private leaveUnread(): void {
    const { source } = this.options;
    if (begun.has(source)) return;
    begun.add(source);
    // A Readable's iterator that has not begun ends without a word to it.
    if (source instanceof Readable) source.destroy();
    else Promise.resolve(source[Symbol.asyncIterator]().return?.()).catch(() => undefined);
  }

  private replyTo({ uploadId, items, bytes }: AskFrame, server: InstanceAddress): ReplyStream {
    const { link } = this.options;
    const { router, peers } = link;
    const execution = link.newExecutionId();
    const { partition, instance } = link.address;
    const { service } = link.options;
    router.addIncoming(execution, this);
    return new ReplyStream({
      accept: { kind: 'accept', callId: uploadId, execution, partition, instance, flags: '-', service },
      credit: { items, bytes },
      resumeFrom: 0,
      announced: false,
      introduced: true,
      keepLatest: false,
      post: (frames, size, patient) => link.sender.post(server, frames, size, patient),
      onAnnounced: () => peers.hold('server', server, execution, this),
      onStreaming: () => undefined,
      onSettled: () => {
        router.removeIncoming(execution);
        peers.release('server', server.instance, execution);
        if (!this.over) this.options.onFailed(unsendable(this.options.pattern));
      },
    });
  }
}

function unsendable(pattern: string): ParleyException {
  return new ParleyException(
    'UNAVAILABLE',
    `the upload of ${pattern} cannot be sent to the server that asked for it`,
  );
}

function tooLarge(pattern: string, bytes: number, limit: number): ParleyException {
  return new ParleyException(
    'INVALID_ARGUMENT',
    `an item of the upload of ${pattern} weighs ${bytes} bytes; the limit is ${limit} (maxItemBytes)`,
  );
}
