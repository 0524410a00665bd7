import { fc, test } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import { BodyTooLarge } from './body-upload.js';
import { AHEAD_BYTES, bodyAtHand, readAhead, WHOLE_BYTES, type SentBody } from './request-body.js';

const ANY = { maxBytes: Infinity, declared: undefined };

async function* of(chunks: readonly (Buffer | string)[], onLeft: () => void = () => undefined) {
  try {
    yield* chunks;
  } finally {
    onLeft();
  }
}

async function allOf({ start, rest }: SentBody): Promise<Buffer> {
  const pieces = [start];
  if (rest) for await (const piece of rest) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('a request’s body', () => {
  test.prop([fc.array(fc.nat({ max: 2 * AHEAD_BYTES }), { maxLength: 6 }), fc.boolean()])(
    'is sent whole or in pieces, and is what it was',
    async (lengths, known) => {
      const chunks = lengths.map((length, index) => Buffer.alloc(length, index + 1));
      const whole = Buffer.concat(chunks);
      const body = await readAhead(of(chunks), { ...ANY, declared: known ? whole.length : undefined });
      expect(body.rest === undefined).toBe(
        body.start.length === whole.length && body.length === whole.length,
      );
      expect((await allOf(body)).equals(whole)).toBe(true);
    },
  );

  it('that is at hand goes with its request, up to what one may weigh', async () => {
    expect(bodyAtHand('é', ANY)).toEqual({ start: Buffer.from('é'), length: 2 });
    expect(bodyAtHand(new Uint8Array(3).buffer, ANY)).toEqual({ start: Buffer.alloc(3), length: 3 });
    const large = Buffer.alloc(WHOLE_BYTES + 1, 'large');
    const body = bodyAtHand(large, ANY)!;
    expect([body.start.length, body.length]).toEqual([AHEAD_BYTES, large.length]);
    expect((await allOf(body)).equals(large)).toBe(true);
  });

  it('that pauses is told of before it ends', async () => {
    let goOn: (() => void) | undefined;
    async function* pausing() {
      yield 'one';
      await new Promise<void>(resolve => (goOn = resolve));
      yield 'two';
    }
    const body = await readAhead(pausing(), ANY);
    expect([body.start.toString(), body.length]).toEqual(['one', undefined]);
    goOn!();
    expect((await allOf(body)).toString()).toBe('onetwo');
  });

  it.each([
    ['longer than it said', 3, TypeError, 'longer than its content-length of 3 bytes'],
    ['shorter than it said', 500_000, TypeError, 'ended after 300000 of 500000 bytes'],
  ])('that is %s fails', async (_, declared, type, message) => {
    const chunks = [Buffer.alloc(100_000), Buffer.alloc(200_000)];
    const reading = readAhead(of(chunks), { maxBytes: Infinity, declared }).then(allOf);
    await expect(reading).rejects.toThrow(type);
    await expect(readAhead(of(chunks), { maxBytes: Infinity, declared }).then(allOf)).rejects.toThrow(
      message,
    );
  });

  it.each([
    ['at once', [Buffer.alloc(50)], 40],
    ['in the middle', [Buffer.alloc(100_000), Buffer.alloc(100_000)], 150_000],
  ])('that is larger than allowed is refused %s, and its source left', async (_, chunks, maxBytes) => {
    const left = vi.fn<() => void>();
    const reading = readAhead(of(chunks, left), { maxBytes, declared: undefined }).then(allOf);
    await expect(reading).rejects.toThrow(BodyTooLarge);
    await vi.waitFor(() => expect(left).toHaveBeenCalled());
    expect(() => bodyAtHand(Buffer.alloc(maxBytes + 1), { maxBytes, declared: undefined })).toThrow(
      BodyTooLarge,
    );
  });

  it('whose rest is not wanted is left, also before any of it was taken', async () => {
    const left = vi.fn<() => void>();
    const { rest } = await readAhead(of([Buffer.alloc(100_000), 'more'], left), ANY);
    await rest!.return();
    await vi.waitFor(() => expect(left).toHaveBeenCalledOnce());
  });
});
