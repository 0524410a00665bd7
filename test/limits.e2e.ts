import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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

@Controller()
class SlowController {
  static readonly release: (() => void)[] = [];

  @MessagePattern('wait')
  wait(): Promise<boolean> {
    return new Promise(resolve => SlowController.release.push(() => resolve(true)));
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

  it('a request with too many headers, or too deep, is answered with the limit', async () => {
    const client = services.client('size');
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`h${index}`, 'x']));
    const deep: unknown = JSON.parse('['.repeat(2000) + ']'.repeat(2000));
    const refused: [data: unknown, message: string][] = [
      [new ParleyRecordBuilder('text').setHeaders(many).build(), 'the limit is 256 (maxHeaders)'],
      [
        new ParleyRecordBuilder('text').setHeaders({ long: 'x'.repeat(70_000) }).build(),
        '65536 (maxHeaderBytes)',
      ],
      [deep, 'deeper than 1000 (maxJsonDepth)'],
    ];
    for (const [data, message] of refused)
      await expect(firstValueFrom(client.send('length', data))).rejects.toMatchObject({
        status: 'INVALID_ARGUMENT',
        message: expect.stringContaining(message) as string,
      });
  });

  it('a caller has no more calls running than the server lets it', async () => {
    await services.start('shared', [SlowController], { maxCallsPerCaller: 2 });
    const [greedy, modest] = [services.client('shared'), services.client('shared')];
    const waiting = [greedy, greedy, modest].map(client => firstValueFrom(client.send('wait', 1)));
    await vi.waitFor(() => expect(SlowController.release).toHaveLength(3));
    await expect(firstValueFrom(greedy.send('wait', 1))).rejects.toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('its limit (maxCallsPerCaller)') as string,
    });
    for (const release of SlowController.release.splice(0)) release();
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
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
