import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import {
  Body,
  Controller,
  Get,
  Head,
  Header,
  HttpCode,
  Module,
  Post,
  Put,
  Redirect,
  Req,
  Res,
  Sse,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyAgent, ParleyDispatcher, parleyFetch, serveHttpOverKafka } from '@parley/http';
import { Clients, ParleyModule } from '@parley/transport';
import { interval, map, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const MEBIBYTE = 1024 * 1024;

/** What the handlers saw of callers that left. */
const left = vi.fn<(what: string) => void>();
const begun = vi.fn<() => void>();
let written = 0;
/** Ends the answer that is half written. */
let cut: (() => void) | undefined;

@Controller()
class AnswersController {
  @Get('cookies')
  cookies(
    @Req() request: IncomingMessage & { ip?: string },
    @Res({ passthrough: true }) response: ServerResponse,
  ): object {
    response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; HttpOnly']);
    return { cookie: request.headers.cookie, host: request.headers.host, peer: request.ip ?? 'nobody' };
  }

  @Post('echo')
  @HttpCode(200)
  echo(@Req() request: IncomingMessage & { ip?: string }, @Res() response: ServerResponse): void {
    response.setHeader('content-type', 'application/octet-stream');
    request.pipe(response);
  }

  @Put('nothing')
  @HttpCode(204)
  nothing(@Body() _body: unknown): void {
    // 204 has no body.
  }

  @Head('size')
  size(@Res() response: ServerResponse): void {
    response.setHeader('content-length', 1234).end();
  }

  @Get('known')
  @HttpCode(304)
  @Header('etag', '"v1"')
  known(): void {
    // 304 has no body.
  }

  @Get('new')
  renewed(): object {
    return { version: 1 };
  }

  @Get('old')
  @Redirect('/new', 302)
  old(): void {
    // Elsewhere.
  }

  @Sse('ticks')
  ticks(): Observable<object> {
    return interval(10).pipe(map(n => ({ data: { n } })));
  }

  @Get('endless')
  async endless(@Res() response: ServerResponse): Promise<void> {
    response.on('close', () => left('endless'));
    written = 0;
    while (!response.closed) {
      written += MEBIBYTE;
      if (!response.write(Buffer.alloc(MEBIBYTE))) {
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
    }
  }

  @Get('hints')
  hints(@Res() response: ServerResponse): void {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.writeProcessing();
    response.end('the answer');
    response.addTrailers({ 'x-late': 'left out' });
  }

  @Get('silent')
  silent(@Res() response: ServerResponse): void {
    response.on('close', () => left('silent'));
    begun();
  }

  @Get('cut')
  cut(@Res() response: ServerResponse): void {
    response.write('half of ');
    cut = () => response.destroy();
  }
}

describe('an answer over Kafka', () => {
  const services = new Services();
  let app: INestApplication;
  let clients: Clients;
  let fetch: typeof globalThis.fetch;
  const url = (path: string) => `http://web.parley${path}`;

  beforeAll(async () => {
    @Module({ imports: [ParleyModule.forRoot(services.options('web'))], controllers: [AnswersController] })
    class WebModule {}
    app = await NestFactory.create(WebModule, { logger: ['fatal'], bodyParser: false });
    await serveHttpOverKafka(app);
    await app.init();
    services.add(app);
    clients = (await services.context('caller', ['web'])).get(Clients);
    fetch = parleyFetch(clients);
  });
  afterAll(() => services.stop());

  it('has its cookies one by one, and the request its own headers', async () => {
    const response = await fetch(url('/cookies'), { headers: { cookie: 'c=3' } });
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; HttpOnly']);
    expect(await response.json()).toEqual({ cookie: 'c=3', host: 'web.parley', peer: 'nobody' });
    expect(response.headers.get('connection')).toBeNull();
    expect(response.headers.get('transfer-encoding')).toBeNull();
  });

  it('is of bytes as they were sent, none of them to mebibytes', async () => {
    const large = Buffer.alloc(5 * MEBIBYTE, EVERY_BYTE);
    for (const body of [EVERY_BYTE, large]) {
      const response = await fetch(url('/echo'), { method: 'POST', body });
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    }
    const empty = await fetch(url('/echo'), { method: 'POST' });
    expect(await empty.text()).toBe('');
  });

  it('to a form, a search and a stream holds what was in it', async () => {
    const form = new FormData();
    form.set('name', 'Ada');
    const echoed = await fetch(url('/echo'), { method: 'POST', body: form });
    expect(await echoed.text()).toContain('name="name"\r\n\r\nAda');
    const search = await fetch(url('/echo'), { method: 'POST', body: new URLSearchParams({ q: 'a b' }) });
    expect(await search.text()).toBe('q=a+b');
    const stream = new Blob(['of ', 'pieces']).stream();
    const streamed = await fetch(url('/echo'), {
      method: 'POST',
      body: stream,
      duplex: 'half',
    });
    expect(await streamed.text()).toBe('of pieces');
  });

  it('without a body has none: HEAD, 204 and 304', async () => {
    const head = await fetch(url('/size'), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1234', '']);
    const nothing = await fetch(url('/nothing'), { method: 'PUT', body: '{}' });
    expect([nothing.status, await nothing.text()]).toEqual([204, '']);
    const known = await fetch(url('/known'));
    expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, '"v1"', '']);
  });

  it('may lead elsewhere, as fetch was told to follow', async () => {
    const followed = await fetch(url('/old'));
    expect([followed.redirected, followed.url, await followed.json()]).toEqual([
      true,
      url('/new'),
      { version: 1 },
    ]);
    const kept = await fetch(url('/old'), { redirect: 'manual' });
    expect([kept.status, kept.headers.get('location')]).toEqual([302, '/new']);
  });

  it('of server-sent events comes as it is made, and ends with its reader', async () => {
    const response = await fetch(url('/ticks'), { headers: { accept: 'text/event-stream' } });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      if (text.includes('data: {"n":3}')) break;
    }
    expect(text).toContain('data: {"n":0}');
  });

  it('that nobody reads is not written on, and its handler hears when the reader leaves', async () => {
    left.mockClear();
    const response = await fetch(url('/endless'));
    const reader = response.body!.getReader();
    await reader.read();
    // In the time that these take it would write on for long.
    for (let others = 0; others < 50; others += 1) await (await fetch(url('/new'))).text();
    const unread = written;
    expect(unread).toBeLessThan(16 * MEBIBYTE);
    for (let read = 0; read < unread;) read += (await reader.read()).value!.length;
    await vi.waitFor(() => expect(written).toBeGreaterThan(unread), { timeout: 5000 });
    await reader.cancel();
    await vi.waitFor(() => expect(left).toHaveBeenCalledWith('endless'), { timeout: 5000 });
  });

  it('that is not waited for any more is not worked for either', async () => {
    left.mockClear();
    const abort = new AbortController();
    const response = fetch(url('/silent'), { signal: abort.signal });
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    abort.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitFor(() => expect(left).toHaveBeenCalledWith('silent'), { timeout: 8000 });
  });

  it('has one head: hints before it and trailers after it are left out', async () => {
    const response = await fetch(url('/hints'));
    expect([response.status, await response.text()]).toEqual([200, 'the answer']);
  });

  it('that would be another protocol is refused in so many words', async () => {
    // A dispatcher for any origin takes one, which undici's type of the options leaves out.
    const elsewhere = { origin: url(''), path: '/new' };
    const upgraded = new ParleyDispatcher(clients).upgrade(elsewhere);
    await expect(upgraded).rejects.toThrow('web.parley is reached over Kafka, which carries no Websocket');
    const agent = new ParleyAgent(clients);
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const [response] = (await once(http.get(url('/new'), { agent, headers }), 'response')) as [
      IncomingMessage,
    ];
    expect([response.statusCode, response.headers['proxy-status']]).toEqual([
      501,
      'parley; error=destination_not_found',
    ]);
    response.resume();
  });

  it('that is cut off fails in the middle', async () => {
    const response = await fetch(url('/cut'));
    expect(response.status).toBe(200);
    cut!();
    await expect(response.text()).rejects.toThrow();
  });

  it('is 504 where none comes in time, with Nest’s body and a name for what happened', async () => {
    const impatient = parleyFetch(clients, { timeoutMs: 200 });
    const response = await impatient(url('/silent'));
    expect(response.status).toBe(504);
    expect(response.headers.get('proxy-status')).toBe('parley; error=http_response_timeout');
    expect(await response.json()).toMatchObject({ statusCode: 504, error: 'Gateway Timeout' });
  });

  it('is 413 for a body that cannot be sent, 431 for too many headers, 404 for what is nowhere', async () => {
    const small = parleyFetch(clients, { maxBodyBytes: 1000 });
    const large = await small(url('/echo'), { method: 'POST', body: Buffer.alloc(1001) });
    expect(large.status).toBe(413);
    const stream = new Blob([Buffer.alloc(5000)]).stream();
    const streamed = await small(url('/echo'), {
      method: 'POST',
      body: stream,
      duplex: 'half',
    });
    expect(streamed.status).toBe(413);
    const heavy = await fetch(url('/new'), { headers: { 'x-heavy': 'x'.repeat(20_000) } });
    expect(heavy.status).toBe(431);
    const nowhere = await fetch(url('/nowhere'));
    expect(await nowhere.json()).toMatchObject({ statusCode: 404, message: 'Cannot GET /nowhere' });
  });

  it('is 503 where the service is not there and is not waited for', async () => {
    const context = await services.context('hasty', ['absent'], { waitForReady: false });
    const response = await parleyFetch(context.get(Clients))('http://absent.parley/');
    expect(response.status).toBe(503);
    expect(response.headers.get('proxy-status')).toBe('parley; error=destination_unavailable');
  });
});
