import { Controller, Get, GoneException, Param } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { InjectParley, ParleyClient, ParleyException, type StatusCode } from '@parley/transport';
import { firstValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from './setup/gateway.js';
import { Services } from './setup/services.js';

const HTTP: Record<Exclude<StatusCode, 'OK'>, number> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

@Controller()
class FailingController {
  @MessagePattern('fail')
  fail(@Payload() code: StatusCode): never {
    throw new ParleyException(code, `this is ${code}`, { code, hints: ['one', 2] });
  }

  @MessagePattern('gone')
  gone(@Payload() _data: unknown): never {
    throw new GoneException({ since: 'noon' });
  }

  @MessagePattern('secret')
  secret(@Payload() _data: unknown): never {
    throw new Error('password=hunter2');
  }
}

@Controller()
class WebController {
  constructor(@InjectParley('failing') private readonly failing: ParleyClient) {}

  @Get('observable/:pattern/:data')
  observable(@Param('pattern') pattern: string, @Param('data') data: string): Observable<unknown> {
    return this.failing.send(pattern, data);
  }

  @Get('awaited/:pattern/:data')
  awaited(@Param('pattern') pattern: string, @Param('data') data: string): Promise<unknown> {
    return firstValueFrom(this.failing.send(pattern, data));
  }
}

describe('a gateway answers a failed call', () => {
  const services = new Services();
  let gateway: Gateway;
  beforeAll(async () => {
    await services.start('failing', [FailingController]);
    gateway = await Gateway.start(services.options('gateway'), ['failing'], [WebController]);
  });
  afterAll(async () => {
    await gateway.close();
    await services.stop();
  });

  describe.each(['observable', 'awaited'])('whose reply is %s', way => {
    it.each(Object.entries(HTTP))('%s with %i, message and details', async (code, status) => {
      const response = await gateway.get(`/${way}/fail/${code}`);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        statusCode: status,
        message: `this is ${code}`,
        error: code,
        details: { code, hints: ['one', 2] },
      });
    });

    it('as the HttpException that its handler threw', async () => {
      const response = await gateway.get(`/${way}/gone/x`);
      expect(response.status).toBe(410);
      expect(await response.json()).toEqual({ since: 'noon' });
    });

    it('501 where nobody handles the pattern, 500 and no more where a handler broke', async () => {
      expect((await gateway.get(`/${way}/unheard-of/x`)).status).toBe(501);
      const broken = await gateway.get(`/${way}/secret/x`);
      expect(broken.status).toBe(500);
      expect(await broken.text()).not.toContain('hunter2');
    });
  });
});
