import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { lastValueFrom, Observable, range, of, EMPTY, concat, throwError, toArray, materialize } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

@Controller()
class MathController {
  @MessagePattern('double')
  double(@Payload() n: number): number {
    return n * 2;
  }

  @MessagePattern({ cmd: 'echo' })
  echo(@Payload() value: unknown): unknown {
    return value;
  }

  @MessagePattern('count')
  count(@Payload() n: number): Observable<number> {
    return range(0, n);
  }

  @MessagePattern('empty')
  empty(@Payload() _data: unknown): Observable<never> {
    return EMPTY;
  }

  @MessagePattern('three-then-fail')
  threeThenFail(@Payload() _data: unknown): Observable<number> {
    return concat(
      of(1, 2, 3),
      throwError(() => new Error('secret')),
    );
  }
}

describe('calls', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('math', [MathController]);
  });
  afterAll(() => services.stop());

  it('give each of 1,000 interleaved callers of two clients its own answer', async () => {
    const clients = [services.client('math'), services.client('math', { from: 'other' })];
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    const answers = await Promise.all(
      numbers.map(n => lastValueFrom(clients[n % 2]!.send<number>('double', n))),
    );
    expect(answers).toEqual(numbers.map(n => n * 2));
  });

  it('of a stream of 10,000 give all, in order, then complete', async () => {
    const client = services.client('math');
    const items = await lastValueFrom(client.send<number>('count', 10_000).pipe(toArray()));
    expect(items).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  });

  it('of an empty stream complete without a value', async () => {
    const client = services.client('math');
    expect(await lastValueFrom(client.send('empty', 1).pipe(toArray()))).toEqual([]);
  });

  it('of three values and an error give exactly that, without internals', async () => {
    const client = services.client('math');
    const all = await lastValueFrom(client.send('three-then-fail', 1).pipe(materialize(), toArray()));
    expect(all.slice(0, 3).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(all[3]).toMatchObject({
      kind: 'E',
      error: { status: 'INTERNAL', message: 'Internal server error' },
    });
  });
});
