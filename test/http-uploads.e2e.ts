import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  Body,
  Controller,
  Headers,
  Module,
  PayloadTooLargeException,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ParleyAgent, ParleyDispatcher, parleyFetch, serveHttpOverKafka } from '@parley/http';
import { Clients, ParleyModule } from '@parley/transport';
import { create } from 'axios';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

const MEBIBYTE = 1024 * 1024;

/** What handlers hear of uploads that end before they are whole. */
const heard = vi.fn<(what: string) => void>();
/** The slow handler takes what comes next, and with `hurry` all that follows. */
let takeOne: (() => void) | undefined;
let hurry = false;

class Refusing implements CanActivate {
  canActivate(): never {
    throw new UnauthorizedException('no key');
  }
}

@Controller()
class UploadsController {
  @Post('digest')
  async digest(@Req() request: IncomingMessage & { raw?: IncomingMessage }): Promise<object> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of request.raw ?? request) {
      bytes += (chunk as Buffer).length;
      hash.update(chunk as Buffer);
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  @Post('parsed')
  parsed(@Body() body: object, @Headers() headers: Record<string, string>): object {
    return { body, length: headers['content-length'] ?? headers['transfer-encoding'] };
  }

  @Post('slow')
  async slow(@Req() request: IncomingMessage): Promise<object> {
    let bytes = 0;
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (!hurry) await new Promise<void>(resolve => (takeOne = resolve));
    }
    return { bytes };
  }

  @Post('echo')
  echo(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    request.pipe(response);
  }

  @Post('limited')
  limited(@Req() request: IncomingMessage): Promise<void> {
    return new Promise((_, refuse) => {
      request.once('data', () => {
        request.pause();
        refuse(new PayloadTooLargeException('enough'));
      });
    });
  }

  @Post('guarded')
  @UseGuards(Refusing)
  guarded(): void {
    // Never reached.
  }

  @Post('kept')
  async kept(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    request.on('aborted', () => heard('aborted'));
    response.on('close', () => heard('closed'));
    try {
      await pipeline(request, new PassThrough().resume());
      heard('whole');
    } catch (error) {
      heard((error as NodeJS.ErrnoException).code ?? 'failed');
    }
    response.end();
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds outside of its heap, where the bytes of bodies are. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** So many chunks of a mebibyte, each different; tells how many were asked for. */
function mebibytes(count: number) {
  const given = { chunks: 0, left: vi.fn<() => void>() };
  const hash = createHash('sha256');
  async function* chunks() {
    try {
      for (; given.chunks < count;) {
        const chunk = Buffer.alloc(MEBIBYTE, `chunk ${given.chunks} of the upload;`);
        given.chunks += 1;
        hash.update(chunk);
        yield chunk;
      }
    } finally {
      given.left();
    }
  }
  return { given, source: chunks(), digest: () => hash.digest('hex') };
}

describe('an upload over Kafka', () => {
  const services = new Services();
  let clients: Clients;
  let fetch: typeof globalThis.fetch;
  let dispatcher: ParleyDispatcher;

  const serve = async (service: string, adapter?: FastifyAdapter) => {
    const imports = [ParleyModule.forRoot(services.options(service))];
    @Module({ imports, controllers: [UploadsController] })
    class UploadsModule {}
    const options = { logger: false } as const;
    const app: INestApplication = adapter
      ? await NestFactory.create(UploadsModule, adapter, options)
      : await NestFactory.create(UploadsModule, options);
    await serveHttpOverKafka(app);
    await app.init();
    services.add(app);
    return app;
  };
  const send = (
    path: string,
    source: AsyncIterable<Buffer> | Readable,
    headers: Record<string, string> = {},
    { by = dispatcher, origin = 'http://uploads.parley' } = {},
  ) => {
    const body = source instanceof Readable ? source : Readable.from(source);
    return by.request({ origin, path, method: 'POST', headers, body });
  };

  beforeAll(async () => {
    await serve('uploads');
    await serve('fastified', new FastifyAdapter());
    clients = (await services.context('caller', ['uploads', 'fastified'])).get(Clients);
    fetch = parleyFetch(clients);
    dispatcher = new ParleyDispatcher(clients);
  });
  afterAll(() => services.stop());

  it('of 100 MB arrives whole, and neither end holds much of it', async () => {
    const { given, source, digest } = mebibytes(100);
    const before = heldBytes();
    let most = 0;
    async function* watched() {
      for await (const chunk of source) {
        if (given.chunks % 20 === 0) most = Math.max(most, heldBytes() - before);
        yield chunk;
      }
    }
    const response = await send('/digest', watched());
    expect(await response.body.json()).toEqual({ bytes: 100 * MEBIBYTE, sha256: digest() });
    expect(most).toBeLessThan(32 * MEBIBYTE);
  }, 60_000);

  it.each(['uploads', 'fastified'])(
    'is read by the body parsers of %s, of known length and of unknown',
    async service => {
      const text = JSON.stringify({ text: 'x'.repeat(90_000) });
      const parts = [text.slice(0, 40_000), text.slice(40_000, 70_000), text.slice(70_000)];
      async function* inParts() {
        for (const part of parts) yield Buffer.from(part);
      }
      const body = JSON.parse(text) as object;
      const json = { 'content-type': 'application/json' };
      const origin = `http://${service}.parley`;
      const unknown = await send('/parsed', inParts(), json, { origin });
      expect(await unknown.body.json()).toEqual({ body, length: 'chunked' });
      const known = await send(
        '/parsed',
        inParts(),
        { ...json, 'content-length': String(text.length) },
        { origin },
      );
      expect(await known.body.json()).toEqual({ body, length: String(text.length) });
    },
  );

  it('waits where its handler does', async () => {
    const { given, source } = mebibytes(12);
    const response = send('/slow', source);
    await vi.waitFor(() => expect(takeOne).toBeDefined(), { timeout: 5000 });
    // In the time that these take all of it would have been asked for.
    for (let others = 0; others < 50; others += 1)
      await (await send('/guarded', new PassThrough().end())).body.dump();
    expect(given.chunks).toBeLessThan(8);
    hurry = true;
    takeOne?.();
    expect(await (await response).body.json()).toEqual({ bytes: 12 * MEBIBYTE });
  });

  it('and its answer go on side by side', async () => {
    const sent = new PassThrough();
    sent.write('one');
    const { body } = await send('/echo', sent);
    const echoed = body[Symbol.asyncIterator]();
    const next = async () => String((await echoed.next()).value);
    expect(await next()).toBe('one');
    sent.write('two');
    expect(await next()).toBe('two');
    sent.end();
    expect((await echoed.next()).done).toBe(true);
  });

  it.each(['limited', 'guarded'])(
    'that is %s is answered before it is whole, and read no further',
    async path => {
      const { given, source } = mebibytes(1000);
      const response = await send(`/${path}`, source);
      expect(response.statusCode).toBe(path === 'limited' ? 413 : 401);
      await response.body.dump();
      await vi.waitFor(() => expect(given.left).toHaveBeenCalled());
      expect(given.chunks).toBeLessThan(16);
    },
  );

  it('whose caller aborts is an aborted request', async () => {
    heard.mockClear();
    const abort = new AbortController();
    const { source, given } = mebibytes(2);
    async function* stuck() {
      yield* source;
      await new Promise(() => undefined);
    }
    const response = fetch('http://uploads.parley/kept', {
      method: 'POST',
      body: Readable.from(stuck()) as never,
      duplex: 'half',
      signal: abort.signal,
    });
    response.catch(() => undefined);
    await vi.waitFor(() => expect(given.left).toHaveBeenCalled(), { timeout: 5000 });
    abort.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith('closed'), { timeout: 5000 });
    expect(heard.mock.calls.flat()).toContain('aborted');
    expect(heard).not.toHaveBeenCalledWith('whole');
  });

  it('whose source fails, fails with that, and is an aborted request', async () => {
    heard.mockClear();
    async function* failing() {
      yield Buffer.alloc(MEBIBYTE);
      throw new Error('the disk is gone');
    }
    const request = send('/kept', failing());
    await expect(request).rejects.toThrow('the disk is gone');
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith('ECONNRESET'), { timeout: 5000 });
  });

  it('is as long as it said, and no longer than its caller may send', async () => {
    const sendTwo = (length?: number, by?: ParleyDispatcher) => {
      const headers: Record<string, string> =
        length === undefined ? {} : { 'content-length': String(length) };
      return send('/digest', mebibytes(2).source, headers, { by });
    };
    await expect(sendTwo(MEBIBYTE)).rejects.toThrow('longer than its content-length of 1048576 bytes');
    await expect(sendTwo(3 * MEBIBYTE)).rejects.toThrow('ended after 2097152 of 3145728 bytes');
    const limited = await sendTwo(undefined, new ParleyDispatcher(clients, { maxBodyBytes: MEBIBYTE }));
    expect(limited.statusCode).toBe(413);
    await limited.body.dump();
  });

  it('of a caller on node:http is streamed too, and may be answered early', async () => {
    const axios = create({
      httpAgent: new ParleyAgent(clients),
      validateStatus: () => true,
      maxRedirects: 0,
      headers: { 'content-type': 'application/octet-stream' },
    });
    const whole = mebibytes(10);
    const answered = await axios.post('http://uploads.parley/digest', Readable.from(whole.source));
    expect(answered.data).toEqual({ bytes: 10 * MEBIBYTE, sha256: whole.digest() });
    const { source } = mebibytes(50);
    const refused = await axios.post('http://uploads.parley/limited', Readable.from(source));
    expect(refused.status).toBe(413);
    const after = await axios.post(
      'http://uploads.parley/parsed',
      { still: 'here' },
      { headers: { 'content-type': 'application/json' } },
    );
    expect(after.data).toMatchObject({ body: { still: 'here' } });
  });
});
