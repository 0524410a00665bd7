import { Body, Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { describe, expect, it } from 'vitest';
import { lostParameters } from './lost-parameters.js';

@Controller()
class Stacked {
  @Get(':id')
  @MessagePattern('find')
  find(
    @Param('id') id: string,
    @Query() query: object,
    @Body() body: object,
    @Headers() headers: object,
  ): unknown[] {
    return [id, query, body, headers];
  }

  @EventPattern<string>('changed')
  changed(@Headers('x-key') key: string, @Query('page') page: string): string {
    return key + page;
  }
}

@Controller()
class Sound {
  @Get(':id')
  overHttp(@Param('id') id: string): string {
    return id;
  }

  @MessagePattern('find')
  overKafka(@Payload('id') id: string, @Ctx() context: object): unknown[] {
    return [id, context];
  }

  @MessagePattern('other', Transport.GRPC)
  ofAnotherTransport(@Param('id') id: string): string {
    return id;
  }
}

describe('lost parameters', () => {
  it('are those that only HTTP has', () => {
    const said = lostParameters(Stacked).map(text => text.split(',')[0]);
    expect(new Set(said)).toEqual(
      new Set([
        'Stacked.changed takes @Headers as its parameter 0',
        'Stacked.changed takes @Query as its parameter 1',
        'Stacked.find takes @Headers as its parameter 3',
        'Stacked.find takes @Param as its parameter 0',
        'Stacked.find takes @Query as its parameter 1',
      ]),
    );
  });

  it('are none of routes, of payloads and contexts, and of other transports', () => {
    expect(lostParameters(Sound)).toEqual([]);
  });
});
