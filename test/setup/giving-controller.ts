import { Controller, NotFoundException, type Type } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { concat, concatMap, EMPTY, from, ignoreElements, of, throwError, timer } from 'rxjs';

const GIFTS = {
  object: { a: 1, nested: { list: [1, null, 'x'] } },
  list: [1, 'two', { three: 3 }],
  number: 42,
  boolean: true,
  text: 'plain text',
  'text like JSON': '{"a":1}',
  null: null,
  undefined,
  'object with a value': { value: { a: 1 }, other: 2 },
  date: new Date(0),
  'three items': of('a', 'b', 'c'),
  'three slow items': from(['a', 'b', 'c']).pipe(
    concatMap(item => timer(20).pipe(concatMap(() => of(item)))),
  ),
  'items whose end comes later': concat(of('a', 'b'), timer(50).pipe(ignoreElements())),
  'no item': EMPTY,
  'two items and an error': from(['a', 'b', 'error']).pipe(
    concatMap(item => (item === 'error' ? throwError(() => new RpcException('midway')) : of(item))),
  ),
} as const;

const THROWN = {
  'an RpcException of text': () => new RpcException('no'),
  'an RpcException of an object': () => new RpcException({ code: 'NOT_FOUND', message: 'gone', id: 7 }),
  'an HttpException': () => new NotFoundException('not here'),
  'an error': () => new Error('secret'),
} as const;

export const KINDS = [...Object.keys(GIFTS), ...Object.keys(THROWN)];

/** A controller whose handlers give every kind of value there is, on patterns with this prefix. */
export function givingController(prefix: string): Type {
  @Controller()
  class GivingController {
    @MessagePattern(`${prefix}give`)
    give(@Payload() { kind }: { kind: string }): unknown {
      if (kind in THROWN) throw THROWN[kind as keyof typeof THROWN]();
      return GIFTS[kind as keyof typeof GIFTS];
    }

    @MessagePattern(`${prefix}describe`)
    describe(@Payload() data: unknown): { type: string; data: unknown } {
      return { type: typeof data, data };
    }
  }
  return GivingController;
}
