import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, interval, Observable, startWith } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

let open = 0;

@Controller()
class CapacityController {
  @MessagePattern('endless')
  endless(@Payload() everyMs: number): Observable<number> {
    return new Observable(subscriber => {
      open += 1;
      subscriber.add(interval(everyMs).pipe(startWith(-1)).subscribe(subscriber));
      return () => (open -= 1);
    });
  }

  @MessagePattern('echo')
  echo(@Payload() n: number): number {
    return n;
  }
}

describe('capacity', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('a stream beyond `maxStreams` fails alone; where one ends there is room again', async () => {
    await services.start('narrow', [CapacityController], { maxStreams: 3 });
    const client = services.client('narrow');
    const seen = [0, 0, 0];
    const streams = seen.map((_, stream) =>
      client.send('endless', 20).subscribe({ next: () => (seen[stream]! += 1) }),
    );
    await vi.waitFor(() => expect(Math.min(...seen)).toBeGreaterThan(0));
    const refused = new Promise(resolve => client.send('endless', 20).subscribe({ error: resolve }));
    expect(await refused).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      message: 'the server has 3 streams open, which is its limit',
    });
    expect(await firstValueFrom(client.send('echo', 1))).toBe(1);
    const before = [...seen];
    await vi.waitFor(() => {
      for (const [stream, count] of before.entries()) expect(seen[stream]).toBeGreaterThan(count + 2);
    });
    streams[0]!.unsubscribe();
    await vi.waitFor(() => expect(open).toBe(2));
    expect(await firstValueFrom(client.send('endless', 20))).toBe(-1);
    for (const stream of streams) stream.unsubscribe();
    await vi.waitFor(() => expect(open).toBe(0));
  });

  it('2,000 endless streams leave the calls beside them quick, and end when their caller closes', async () => {
    await services.start('wide', [CapacityController], { concurrency: 64 });
    const client = services.client('wide');
    let begun = 0;
    for (let n = 0; n < 2000; n += 1) {
      let first = true;
      client.send('endless', 5000).subscribe({
        next: () => {
          if (first) begun += 1;
          first = false;
        },
        error: () => undefined, // It is closed in the end.
      });
    }
    await vi.waitFor(() => expect(begun).toBe(2000), { timeout: 20_000 });
    expect(open).toBe(2000);
    const caller = services.client('wide');
    await caller.connect();
    const times: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      const begin = performance.now();
      expect(await firstValueFrom(caller.send('echo', n))).toBe(n);
      times.push(performance.now() - begin);
    }
    const sorted = times.toSorted((a, b) => a - b);
    expect(sorted[100]).toBeLessThan(100);
    expect(sorted.at(-1)).toBeLessThan(2000);
    expect(open).toBe(2000);
    await client.close();
    await vi.waitFor(() => expect(open).toBe(0), { timeout: 2000 });
    expect(await firstValueFrom(caller.send('echo', 1))).toBe(1);
  });
});
