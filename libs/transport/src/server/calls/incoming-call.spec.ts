import { fc, test } from '@fast-check/vitest';
import { Subject } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeFrames, type Frame } from '../../wire/frame.js';
import { decodeItem } from '../../wire/item.js';
import { jsonCodec } from '../../wire/json-codec.js';
import { IncomingCall } from './incoming-call.js';
import { ParleyContext } from '../parley-context.js';
import { ReplyStream } from './reply-stream.js';

const fields = { pattern: 'p', metadata: {}, headers: {}, resumeFrom: 0 };

/** A call whose handler returns what the test pushes; what is sent is taken by `send`, as the sender does. */
function start(credit = 100) {
  const source = new Subject<number>();
  const context = new ParleyContext(fields as never);
  const events: string[] = [];
  const sent: Frame[] = [];
  let posted = false;
  const reply = new ReplyStream({
    accept: {
      kind: 'accept',
      callId: 'c',
      execution: 'e',
      partition: 0,
      instance: 'i',
      flags: '-',
      service: 's',
    },
    credit: { items: credit, bytes: 1_000_000 },
    resumeFrom: 0,
    announced: false,
    keepLatest: false,
    post: () => (posted = true),
    onAnnounced: () => events.push('announced'),
    onStreaming: () => call.beginStream(),
    onSettled: () => events.push('settled'),
  });
  const call = new IncomingCall({
    handler: (async () => source) as never,
    handling: {},
    context,
    codec: jsonCodec,
    maxItemBytes: 1000,
    reply,
    onHandedOver: () => events.push('handed over'),
    onStreamHandedOver: () => events.push('left its slot'),
    onThrown: () => undefined,
  });
  const send = () => {
    if (!posted) return;
    posted = false;
    sent.push(...decodeFrames(Buffer.concat(reply.take(1_000_000))));
    reply.delivered();
  };
  const values = () =>
    sent.flatMap(frame =>
      frame.kind === 'next' || frame.kind === 'complete'
        ? frame.items.map(item => decodeItem(jsonCodec, item) as number)
        : [],
    );
  return { call, source, context, events, sent, send, values, reply };
}

describe('an incoming call', () => {
  afterEach(() => void vi.useRealTimers());

  it('leaves its slot once its client holds it and it is a stream, in whichever order', async () => {
    const streamFirst = start();
    await streamFirst.call.run('x');
    streamFirst.source.next(1);
    streamFirst.send();
    streamFirst.call.confirmed();
    expect(streamFirst.events).toEqual(['announced', 'handed over', 'left its slot']);
    const heldFirst = start();
    await heldFirst.call.run('x');
    heldFirst.call.receive({ kind: 'credit', callId: 'c', execution: 'e', items: 200, bytes: 1 });
    heldFirst.source.next(1);
    heldFirst.send();
    expect(heldFirst.events).toEqual(['handed over', 'announced', 'left its slot']);
  });

  it('keeps its slot while it has not answered, though its client holds it', async () => {
    vi.useFakeTimers();
    const { call, events, send } = start();
    await call.run('x');
    vi.advanceTimersByTime(200);
    send();
    call.confirmed();
    expect(events).toEqual(['announced', 'handed over']);
    call.cancel('test is over');
  });

  it('whose client is gone is stopped, and tells it all the same', async () => {
    const { call, source, context, send, sent, events } = start();
    await call.run('x');
    source.next(1);
    send();
    call.lost('died');
    send();
    expect(source.observed).toBe(false);
    expect(context.signal.aborted).toBe(true);
    expect(sent.at(-1)).toMatchObject({ kind: 'error', code: 'UNAVAILABLE', total: 1 });
    expect(events.at(-1)).toBe('settled');
  });

  it.each(['lost', 'drain'] as const)(
    'that waits for its client to take the rest ends with it: %s',
    async how => {
      const { call, source, send, sent, events, context } = start(1);
      await call.run('x');
      source.next(1);
      source.next(2);
      source.complete();
      send();
      call[how]('died');
      send();
      expect(sent.at(-1)).toMatchObject({ kind: 'error', code: 'UNAVAILABLE', total: 1 });
      expect(events.at(-1)).toBe('settled');
      expect(context.signal.aborted).toBe(false);
    },
  );

  it('that has only to send its reply is not ended by draining', async () => {
    const { call, source, send, sent } = start(1);
    await call.run('x');
    source.next(1);
    source.complete();
    call.drain();
    send();
    expect(sent).toMatchObject([{ kind: 'complete', total: 1 }]);
  });

  it('fails where an item is beyond the limit, and stops its handler', async () => {
    const { call, source, send, sent } = start();
    await call.run('x');
    source.next('x'.repeat(2000) as never);
    expect(source.observed).toBe(false);
    send();
    expect(sent).toMatchObject([{ kind: 'error', code: 'INVALID_ARGUMENT' }]);
  });

  const steps = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('emit' as const) },
      { weight: 3, arbitrary: fc.constant('send' as const) },
      fc.record({ credit: fc.nat({ max: 30 }) }),
      fc.constantFrom('complete', 'fail', 'cancel', 'lost', 'drain', 'confirmed', 'time' as const),
    ),
    { maxLength: 40 },
  );

  test.prop([steps, fc.nat({ max: 5 })])(
    'whatever comes from handler and client: items in order within the credit, one last frame, nothing left',
    async (taken, credit) => {
      vi.useFakeTimers();
      const { call, source, context, events, sent, send, values } = start(credit);
      let granted = credit;
      let emitted = 0;
      await call.run('x');
      for (const step of taken) {
        if (typeof step === 'object') {
          granted = Math.max(granted, step.credit);
          call.receive({ kind: 'credit', callId: 'c', execution: 'e', items: step.credit, bytes: 1_000_000 });
        } else if (step === 'emit') source.next(emitted++);
        else if (step === 'send') send();
        else if (step === 'complete') source.complete();
        else if (step === 'fail') source.error(new Error('on purpose'));
        else if (step === 'cancel')
          call.receive({ kind: 'cancel', callId: 'c', execution: 'e', reason: 'x' });
        else if (step === 'lost') call.lost('died');
        else if (step === 'drain') call.drain();
        else if (step === 'confirmed') call.confirmed();
        else vi.advanceTimersByTime(1000);
        expect(values().length).toBeLessThanOrEqual(granted);
      }
      call.drain();
      call.receive({ kind: 'credit', callId: 'c', execution: 'e', items: emitted, bytes: 1_000_000 });
      send();
      send();
      expect(values()).toEqual(Array.from({ length: values().length }, (_, n) => n));
      expect(events.filter(event => event === 'settled')).toHaveLength(1);
      expect(events.filter(event => event === 'handed over').length).toBeLessThanOrEqual(1);
      expect(events.filter(event => event === 'left its slot').length).toBeLessThanOrEqual(1);
      const last = sent.filter(({ kind }) => kind === 'complete' || kind === 'error');
      expect(last.length).toBeLessThanOrEqual(1);
      if (last.length === 1) expect(sent.at(-1)).toBe(last[0]);
      expect(source.observed).toBe(false);
      expect(context.signal).toBeDefined();
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
