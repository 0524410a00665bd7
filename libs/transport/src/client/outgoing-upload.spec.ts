import { fc, test } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import { AssemblyBudget } from '../link/assembly-budget.js';
import type { FrameSource } from '../link/frame-parcel.js';
import { FrameRouter } from '../link/frame-router.js';
import type { Link } from '../link/link.js';
import { ReceiveBudget } from '../link/receive-budget.js';
import { IncomingUpload } from '../server/calls/incoming-upload.js';
import { decodeFrames, encodeFrame, type Frame } from '../wire/frame.js';
import { jsonCodec } from '../wire/json-codec.js';
import { OutgoingUpload } from './outgoing-upload.js';

const CALL = 'the-call';
const MAX_ITEM_BYTES = 2_000_000;

/** What one process holds towards Kafka, and what it holds of calls. */
function end(instance: string, send: (source: FrameSource) => void) {
  const router = new FrameRouter({ onPulse: () => undefined, onStray: () => undefined });
  const held = new Set<string>();
  let executions = 0;
  const link = {
    address: { topic: `${instance}.inbox`, partition: 0, instance },
    assembling: new AssemblyBudget(),
    budget: new ReceiveBudget(),
    options: { codec: jsonCodec, maxItemBytes: MAX_ITEM_BYTES, service: instance },
    router,
    peers: {
      hold: (_role: string, _address: unknown, execution: string) => held.add(execution),
      release: (_role: string, _instance: string, execution: string) => held.delete(execution),
    },
    newExecutionId: () => `${instance}-${(executions += 1)}`,
    sender: { post: (_to: unknown, source: FrameSource) => send(source) },
    tell: (_to: unknown, frame: Frame) => send({ take: () => [encodeFrame(frame)] }),
  };
  return { link: link as unknown as Link, router, held, budget: link.budget };
}

/** A caller with an upload and the server that takes it; what one sends the other gets a little later, in order. */
function pair(source: AsyncIterable<unknown>, maxBytes = 64 * 1024) {
  const deliver = (to: () => FrameRouter) => (frames: FrameSource) => {
    setImmediate(() => {
      const record = Buffer.concat(frames.take(maxBytes));
      to().route(decodeFrames(record));
      frames.delivered?.();
    });
  };
  const caller = end(
    'caller',
    deliver(() => server.router),
  );
  const server = end(
    'server',
    deliver(() => caller.router),
  );
  const failed = vi.fn<(error: unknown) => void>();
  const awaited: string[] = [];
  const outgoing = new OutgoingUpload({
    source,
    pattern: 'p',
    link: caller.link,
    inboxOf: ({ partition, instance }) => ({ topic: 'server.inbox', partition, instance }),
    onSourceAwaited: () => awaited.push('source'),
    onServerAwaited: () => awaited.push('server'),
    onFailed: error => {
      failed(error);
      endBoth();
    },
  });
  caller.router.addOutgoing(CALL, {
    placed: true,
    receive: frame => {
      if (frame.kind === 'ask') outgoing.begin(frame);
    },
    abandon: () => undefined,
  });
  const incoming = new IncomingUpload({
    link: server.link,
    request: { callId: CALL, pattern: 'p', replyTo: caller.link.address },
    execution: 'the-execution',
    window: 16,
    onBegun: () => undefined,
  });
  /** As where the call ends. */
  const endBoth = () => {
    caller.router.removeOutgoing(CALL);
    outgoing.end();
    incoming.end('its call has ended');
  };
  const leftovers = () => [
    caller.router.pendingCalls + caller.router.runningCalls + server.router.pendingCalls,
    caller.held.size + server.held.size,
    server.budget.inUse,
  ];
  return { outgoing, incoming, failed, awaited, endBoth, leftovers };
}

async function* of(items: readonly unknown[], failure?: Error) {
  for (const item of items) yield item;
  if (failure) throw failure;
}

describe('an upload', () => {
  test.prop([
    fc.array(fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 40_000 })), { maxLength: 40 }),
    fc.nat({ max: 45 }),
    fc.boolean(),
    fc.integer({ min: 2000, max: 100_000 }),
  ])(
    'is taken in order and whole, or is cut off, and then nothing is held of it',
    async (lengths, takes, fails, maxBytes) => {
      const items = lengths.map((length, index) => Buffer.alloc(length, index));
      const failure = fails ? new Error('no more') : undefined;
      const { incoming, failed, endBoth, leftovers } = pair(of(items, failure), maxBytes);
      const taken: unknown[] = [];
      let whole = false;
      try {
        for await (const item of incoming) {
          taken.push(item);
          if (taken.length > takes) break;
        }
        whole = taken.length <= takes;
      } catch {
        expect(failed).toHaveBeenCalledWith(failure);
      }
      expect(whole).toBe(!fails && items.length <= takes);
      expect(taken.every((item, index) => items[index]!.equals(item as Buffer))).toBe(true);
      if (whole) expect(taken).toHaveLength(items.length);
      endBoth();
      await vi.waitFor(() => expect(leftovers()).toEqual([0, 0, 0]));
    },
  );

  it('is asked for once, however often its request is answered so', async () => {
    const { incoming, outgoing, failed, endBoth } = pair(of(['a', 'b']));
    expect(await incoming.next()).toEqual({ done: false, value: 'a' });
    outgoing.begin({
      kind: 'ask',
      callId: CALL,
      execution: 'e',
      uploadId: 'u2',
      partition: 0,
      instance: 'server',
      items: 9,
      bytes: 9,
    });
    expect(await incoming.next()).toEqual({ done: false, value: 'b' });
    expect((await incoming.next()).done).toBe(true);
    expect(failed).not.toHaveBeenCalled();
    endBoth();
  });

  it('may have items that are too large for one record', async () => {
    const large = Buffer.alloc(1_500_000, 'large');
    const { incoming, endBoth } = pair(of([large, 'small']));
    expect(large.equals((await incoming.next()).value as Buffer)).toBe(true);
    expect((await incoming.next()).value).toBe('small');
    endBoth();
  });

  it('tells whom it waits for', async () => {
    const { incoming, awaited, endBoth } = pair(of(['a']));
    await incoming.next();
    await incoming.next();
    expect([awaited[0], awaited.at(-1)]).toEqual(['source', 'server']);
    endBoth();
  });

  it('with an item that is too large fails', async () => {
    const { incoming, failed } = pair(of([Buffer.alloc(MAX_ITEM_BYTES + 1)]));
    await expect(incoming.next()).rejects.toThrow('cut off');
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ status: 'INVALID_ARGUMENT' }));
  });

  it('that is over says why', async () => {
    const { incoming, endBoth } = pair(of(['a']));
    endBoth();
    await expect(incoming.next()).rejects.toThrow('the upload of p was cut off: its call has ended');
    const left = pair(of(['a']));
    await left.incoming.return();
    expect((await left.incoming.next()).done).toBe(true);
    left.endBoth();
  });
});
