import {
  ConflictException,
  Controller,
  HttpException,
  UseGuards,
  UsePipes,
  ParseIntPipe,
  type CanActivate,
} from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { ParleyException } from '@parley/transport';
import { lastValueFrom, of, throwError, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

const SECRET = 'password=hunter2';

const THROWN: Record<string, () => unknown> = {
  error: () => new Error(SECRET),
  http: () => new ConflictException('name taken'),
  httpBody: () => new HttpException({ code: 'E42', fields: ['name'] }, 422),
  rpcText: () => new RpcException('plain words'),
  rpcObject: () => new RpcException({ message: 'no such order', code: 'NOT_FOUND', id: 7 }),
  parley: () => new ParleyException('FAILED_PRECONDITION', 'not yet', { at: 'noon' }),
  text: () => SECRET,
  number: () => 42,
  undefined: () => undefined,
  null: () => null,
};

class Never implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller()
class FailingController {
  @MessagePattern('throw')
  throw(@Payload() what: string): never {
    throw THROWN[what]!();
  }

  @MessagePattern('reject')
  async reject(@Payload() what: string): Promise<never> {
    await Promise.resolve();
    throw THROWN[what]!();
  }

  @MessagePattern('observable')
  observable(@Payload() what: string): Observable<never> {
    return throwError(() => THROWN[what]!());
  }

  @MessagePattern('iterable')
  async *iterable(@Payload() what: string): AsyncGenerator<number> {
    yield 1;
    throw THROWN[what]!();
  }

  @MessagePattern('guarded')
  @UseGuards(Never)
  guarded(@Payload() _data: unknown): number {
    return 1;
  }

  @MessagePattern('int')
  @UsePipes(ParseIntPipe)
  int(@Payload() n: number): Observable<number> {
    return of(n);
  }

  @MessagePattern('unwritable')
  unwritable(@Payload() _data: unknown): bigint {
    return 1n;
  }
}

describe('what a handler throws', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('failing', [FailingController]);
  });
  afterAll(() => services.stop());

  const failure = async (pattern: string, data: unknown): Promise<ParleyException> => {
    const outcome: unknown = await lastValueFrom(services.client('failing').send(pattern, data)).catch(
      (error: unknown) => error,
    );
    expect(outcome).toBeInstanceOf(ParleyException);
    return outcome as ParleyException;
  };

  describe.each(['throw', 'reject', 'observable', 'iterable'])('by %s', pattern => {
    it.each(['error', 'text', 'number', 'undefined', 'null'])(
      '%s is INTERNAL and tells nothing',
      async what => {
        const error = await failure(pattern, what);
        expect(error).toMatchObject({
          status: 'INTERNAL',
          message: 'Internal server error',
          statusCode: 500,
        });
        expect(JSON.stringify(error.getResponse())).not.toContain('hunter2');
      },
    );

    it('HttpException keeps its status and body', async () => {
      const conflict = await failure(pattern, 'http');
      expect(conflict).toMatchObject({ status: 'ALREADY_EXISTS', message: 'name taken', httpStatus: 409 });
      expect(conflict.getResponse()).toEqual(new ConflictException('name taken').getResponse());
      const invalid = await failure(pattern, 'httpBody');
      expect(invalid.httpStatus).toBe(422);
      expect(invalid.getResponse()).toEqual({ code: 'E42', fields: ['name'] });
    });

    it('RpcException keeps its message or object', async () => {
      expect(await failure(pattern, 'rpcText')).toMatchObject({ status: 'UNKNOWN', message: 'plain words' });
      expect(await failure(pattern, 'rpcObject')).toMatchObject({
        status: 'NOT_FOUND',
        message: 'no such order',
        details: { message: 'no such order', code: 'NOT_FOUND', id: 7 },
      });
    });

    it('ParleyException arrives as it was thrown', async () => {
      expect(await failure(pattern, 'parley')).toMatchObject({
        status: 'FAILED_PRECONDITION',
        message: 'not yet',
        details: { at: 'noon' },
      });
    });
  });

  it('by a guard or a pipe is a status too', async () => {
    expect((await failure('guarded', 1)).message).toBe('Forbidden resource');
    expect(await failure('int', 'x')).toMatchObject({ status: 'INVALID_ARGUMENT', httpStatus: 400 });
  });

  it('an unknown pattern is UNIMPLEMENTED at once, and named', async () => {
    const error = await failure('no such thing', 1);
    expect(error).toMatchObject({
      status: 'UNIMPLEMENTED',
      message: 'service failing has no handler for "no such thing"',
    });
  });

  it('a reply that cannot be written is INTERNAL', async () => {
    expect(await failure('unwritable', 1)).toMatchObject({ status: 'INTERNAL' });
  });
});
