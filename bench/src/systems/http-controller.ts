import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body as RequestBody,
  Controller,
  HttpCode,
  Module,
  Post,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import type { Body } from '../body.js';
import { SLOW_MS } from '../system.js';

@Controller()
class BenchController {
  @Post('unary')
  @HttpCode(200)
  unary(@RequestBody() data: Body): Body {
    return data;
  }

  @Post('slow')
  @HttpCode(200)
  async slow(@RequestBody() data: Body): Promise<Body> {
    await sleep(SLOW_MS);
    return data;
  }
}

/** The application whose controllers are called over HTTP. */
export function httpModule(imports: DynamicModule[] = []): Type {
  @Module({ imports, controllers: [BenchController] })
  class BenchModule {}
  return BenchModule;
}
