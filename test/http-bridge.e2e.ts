import { Controller, Get, Module, Param, Query, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parleyFetch, serveHttpOverKafka } from '@parley/http';
import { Clients, ParleyModule } from '@parley/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

@Controller('users')
class UsersController {
  @Get(':id')
  user(@Param('id') id: string, @Query('fields') fields: string): object {
    return { id, fields };
  }
}

describe('controllers over Kafka', () => {
  const services = new Services();
  let app: INestApplication;
  let fetch: typeof globalThis.fetch;

  beforeAll(async () => {
    @Module({ imports: [ParleyModule.forRoot(services.options('user'))], controllers: [UsersController] })
    class UserModule {}
    app = await NestFactory.create(UserModule, { logger: ['fatal'] });
    await serveHttpOverKafka(app);
    await app.listen(0, '127.0.0.1');
    const caller = await services.context('caller', ['user']);
    fetch = parleyFetch(caller.get(Clients));
  });
  afterAll(async () => {
    await services.stop();
    await app.close();
  });

  it('answer fetch as they answer the network', async () => {
    const overKafka = await fetch('http://user.parley/users/7?fields=name');
    const overHttp = await globalThis.fetch(`${await app.getUrl()}/users/7?fields=name`);
    expect(await overKafka.json()).toEqual({ id: '7', fields: 'name' });
    expect(overKafka.status).toBe(overHttp.status);
    expect(await overHttp.json()).toEqual({ id: '7', fields: 'name' });
  });
});
