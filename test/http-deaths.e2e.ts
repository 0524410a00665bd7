import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { Controller, Get, Module, Post, Put, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parleyFetch, serveHttpOverKafka } from '@parley/http';
import { Clients, ParleyModule, ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Child } from './setup/child.js';
import { Services } from './setup/services.js';

/** So that silence is noticed soon. */
const PULSES = { pulseIntervalMs: 400 };

const ran: string[] = [];
const taken = vi.fn<(chunk: unknown) => void>();
const ended = vi.fn<(how: string) => void>();

@Controller('orders')
class OrdersController {
  @Get()
  list(): object {
    ran.push('GET');
    return { orders: [] };
  }

  @Post()
  add(): object {
    ran.push('POST');
    return { id: 1 };
  }

  @Put()
  replace(): object {
    ran.push('PUT');
    return { id: 1 };
  }

  @Post('files')
  async keep(@Req() request: IncomingMessage): Promise<void> {
    try {
      for await (const chunk of request) taken(chunk);
      ended('whole');
    } catch (error) {
      ended((error as NodeJS.ErrnoException).code ?? 'failed');
    }
  }
}

/** A body that goes on for as long as it is taken. */
function endless(): Readable {
  return new Readable({
    read() {
      this.push(Buffer.alloc(64 * 1024));
    },
  });
}

describe('requests over Kafka', () => {
  const services = new Services();
  let fetch: typeof globalThis.fetch;

  const serve = async (service: string) => {
    const imports = [ParleyModule.forRoot(services.options(service, PULSES))];
    @Module({ imports, controllers: [OrdersController] })
    class OrdersModule {}
    const app = await NestFactory.create(OrdersModule, { logger: false });
    await serveHttpOverKafka(app);
    await app.init();
    services.add(app);
  };
  /** Asks a server that is killed once it has begun; another takes its place. */
  const askOneThatDies = async (service: string, method: 'GET' | 'POST' | 'PUT', source?: Readable) => {
    const doomed = new Child('doomed-http-server.mjs', services.options(service, PULSES));
    await doomed.says('listening');
    const body = source && { body: source as never, duplex: 'half' as const };
    const begun = doomed.says(method.toLowerCase());
    const answer = fetch(`http://${service}.parley/orders`, { method, ...body });
    await begun;
    doomed.kill();
    await serve(service);
    return answer;
  };

  beforeAll(async () => {
    fetch = parleyFetch(
      (await services.context('caller', ['reads', 'writes', 'uploads'], PULSES)).get(Clients),
    );
  });
  afterAll(() => services.stop());

  it.concurrent('that may be sent twice outlive the server that began them', async () => {
    const response = await askOneThatDies('reads', 'GET');
    expect([response.status, await response.json()]).toEqual([200, { orders: [] }]);
  });

  it.concurrent('that may not are answered that they were lost, and do not run again', async () => {
    const response = await askOneThatDies('writes', 'POST');
    expect([502, 503]).toContain(response.status);
    expect(response.headers.get('proxy-status')).toContain('parley; error=');
    expect(ran).not.toContain('POST');
  });

  it.concurrent(
    'that are being uploaded are lost with the server, though they might be sent twice',
    async () => {
      const response = await askOneThatDies('uploads', 'PUT', endless());
      expect(response.status).toBe(503);
      expect(response.headers.get('proxy-status')).toBe('parley; error=destination_unavailable');
      expect(ran).not.toContain('PUT');
    },
  );

  it.concurrent('that are being uploaded are cut off when the caller dies', async () => {
    await serve('files');
    const options = { ...services.options('doomed', PULSES), to: 'files' };
    const doomed = new Child('doomed-http-caller.mjs', options, 'http://files.parley/orders/files');
    await vi.waitFor(() => expect(taken).toHaveBeenCalled(), { timeout: 20_000 });
    doomed.kill();
    await vi.waitFor(() => expect(ended).toHaveBeenCalled(), { timeout: 20_000 });
    expect(ended).toHaveBeenCalledExactlyOnceWith('ECONNRESET');
    expect(doomed.said).toEqual([]);
  });

  it('that are no HTTP are refused, and harm no others', async () => {
    await serve('plain');
    const client = services.client('plain');
    const bad = [
      'text',
      { an: 'object' },
      Buffer.from('GET'),
      Buffer.from('GET /orders HTTP/2\r\n\r\n'),
      Buffer.from('GET /orders HTTP/1.1\r\nx: \u0000\r\n\r\n'),
      Buffer.alloc(100_000, 'x: y\r\n'),
    ];
    for (const request of bad) {
      const record = new ParleyRecordBuilder(request).setTimeout(10_000).build();
      const answer = firstValueFrom(client.send('parley.http.get', record));
      await expect(answer).rejects.toMatchObject({ status: 'INVALID_ARGUMENT' });
    }
    expect((await fetch('http://plain.parley/orders')).status).toBe(200);
  });
});
