import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

@Controller()
class SizeController {
  @MessagePattern('length')
  length(@Payload() text: string): number {
    return text.length;
  }

  @MessagePattern('repeat')
  repeat(@Payload() n: number): string {
    return 'x'.repeat(n);
  }
}

describe('limits', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('size', [SizeController]);
  });
  afterAll(() => services.stop());

  it('a request beyond the limit fails alone, with its size', async () => {
    const client = services.client('size');
    const calls = ['a', 'b'.repeat(17_000_000), 'c'].map(text =>
      firstValueFrom(client.send<number>('length', text)).catch((error: unknown) => error),
    );
    const [a, b, c] = await Promise.all(calls);
    expect([a, c]).toEqual([1, 1]);
    expect(b).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/weighs 170000\d\d bytes; the limit is 16777216/) as string,
    });
  });

  it('a reply beyond the limit fails its call alone, with its size', async () => {
    const client = services.client('size');
    const calls = [10, 17_000_000, 20].map(n =>
      firstValueFrom(client.send<string>('repeat', n)).catch((error: unknown) => error),
    );
    const [a, b, c] = await Promise.all(calls);
    expect([a, c]).toEqual(['x'.repeat(10), 'x'.repeat(20)]);
    expect(b).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        /weighs 170000\d\d bytes; the limit of its server is 16777216/,
      ) as string,
    });
  });

  it('a full send queue fails what does not fit UNAVAILABLE, and nothing else', async () => {
    const client = services.client('size', { sender: { maxQueuedParcels: 5 } });
    await client.connect();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        firstValueFrom(client.send<number>('length', 'x')).catch((error: unknown) => error),
      ),
    );
    const refused = outcomes.filter(outcome => outcome !== 1);
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused)
      expect(error).toMatchObject({
        status: 'UNAVAILABLE',
        message: expect.stringContaining('send queue is full') as string,
      });
    expect(await firstValueFrom(client.send('length', 'again'))).toBe(5);
  });

  it.each([
    [() => new ParleyRecordBuilder(1).setTimeout(0), 'setTimeout takes milliseconds greater than 0'],
    [() => new ParleyRecordBuilder(1).setTimeout(Number.NaN), 'got NaN'],
    [() => new ParleyRecordBuilder(1).setHeaders({ parley: 'x' }), 'names that begin with "parley" are kept'],
    [
      () => new ParleyRecordBuilder(1).setHeaders({ n: 1 as never }),
      'header "n" must be a string; got number',
    ],
    [() => new ParleyRecordBuilder(1).setWindow(0), 'got 0'],
    [() => new ParleyRecordBuilder(1).setWaitForReady('no' as never), 'true or false; got no'],
  ])('a record builder refuses what it cannot use: %#', (build, message) => expect(build).toThrow(message));

  it('a pattern that is none fails the call', async () => {
    await expect(firstValueFrom(services.client('size').send(undefined, 1))).rejects.toMatchObject({
      status: 'INVALID_ARGUMENT',
    });
  });
});
