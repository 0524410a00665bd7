import { OutgoingCall } from '../../client/outgoing-call.js';
import type { RequestTerms } from '../../client/outgoing-call-options.js';
import { ReplyIterator } from '../../client/reply-iterator.js';
import type { Link } from '../../link/link.js';
import { MAX_TIMEOUT_MS, type RequestHeader } from '../../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../../wire/id.js';

export interface IncomingUploadOptions {
  link: Pick<Link, 'address' | 'assembling' | 'budget' | 'options' | 'peers' | 'router' | 'tell'>;
  request: Pick<RequestHeader, 'callId' | 'pattern' | 'replyTo'>;
  execution: string;
  /** Items that may be on their way at a time. */
  window: number;
  /** The handler begins to take it. */
  onBegun(): void;
}

/**
 * The items that come with a request, taken by its handler. They are the reply to a call that is made back to the
 * caller, when the first is asked for: what is not taken is not sent.
 */
export class IncomingUpload implements AsyncIterableIterator<unknown> {
  private items: ReplyIterator<unknown> | undefined;
  private call: OutgoingCall<unknown> | undefined;
  private over: Error | 'left' | undefined;

  constructor(private readonly options: IncomingUploadOptions) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Rejects where the caller is gone, has ended the call, or is left without an answer. */
  next(): Promise<IteratorResult<unknown>> {
    if (!this.items && this.over) {
      return this.over === 'left' ? DONE : Promise.reject(this.over);
    }
    return (this.items ??= this.begin()).next();
  }

  /** The rest is not wanted. */
  return(): Promise<IteratorResult<unknown>> {
    this.over ??= 'left';
    return this.items?.return() ?? DONE;
  }

  /** The call has ended: whoever still takes items hears that they are not whole. */
  end(why: string): void {
    const { pattern } = this.options.request;
    if (this.over) return;
    const message = `the upload of ${pattern} was cut off: ${why}`;
    this.over = new Error(message);
    this.call?.fail({ code: 'CANCELLED', message });
  }

  private begin(): ReplyIterator<unknown> {
    this.options.onBegun();
    return new ReplyIterator<unknown>(taker => {
      const { link, request, window } = this.options;
      const { router, peers, budget, assembling, options } = link;
      const { topic } = request.replyTo;
      const uploadId = randomId(CALL_ID_BYTES);
      const call = new OutgoingCall<unknown>(
        {
          callId: uploadId,
          pattern: request.pattern,
          codec: options.codec,
          window,
          budget,
          assembling,
          maxItemBytes: options.maxItemBytes,
          // The caller's own time limits both.
          timeoutMs: MAX_TIMEOUT_MS,
          pulled: true,
          request: terms => this.ask(uploadId, terms),
          tell: (client, frame) => link.tell({ topic, ...client }, frame),
          hold: ({ partition, instance }, execution, shared) =>
            peers.hold('client', { topic, partition, instance }, execution, shared),
          release: ({ instance }, execution) => peers.release('client', instance, execution),
          onEnded: () => router.removeOutgoing(uploadId),
        },
        taker,
      );
      this.call = call;
      router.addOutgoing(uploadId, call);
      call.start();
      return call;
    });
  }

  private ask(uploadId: string, { credit, creditBytes }: RequestTerms): void {
    const { link, request, execution } = this.options;
    const { partition, instance } = link.address;
    link.tell(request.replyTo, {
      kind: 'ask',
      callId: request.callId,
      execution,
      uploadId,
      partition,
      instance,
      items: credit,
      bytes: creditBytes,
    });
  }
}

const DONE: Promise<IteratorResult<unknown>> = Promise.resolve({ done: true, value: undefined });
