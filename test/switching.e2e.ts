import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  Controller,
  Get,
  Logger,
  Param,
  type INestApplication,
  type INestApplicationContext,
} from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Services } from './setup/services.js';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));

interface StockClient {
  find(item: string): Promise<unknown>;
}

/** The patch of docs/switching.md that has this name. */
async function patchNamed(name: string): Promise<string> {
  const page = await readFile(join(here, '../docs/switching.md'), 'utf8');
  const patch = page.split(`\`\`\`diff ${name}\n`)[1]?.split('\n```')[0];
  if (!patch) throw new Error(`docs/switching.md has no patch named ${name}`);
  return `${patch}\n`;
}

/** The application of test/switching in a folder of its own, which patches change. */
class Sample {
  private copies = 0;

  constructor(private readonly folder: string) {}

  static async begin(): Promise<Sample> {
    const sample = new Sample(join(here, `.switching-${randomBytes(4).toString('hex')}`));
    await mkdir(sample.folder);
    await cp(join(here, 'switching'), sample.source, { recursive: true });
    return sample;
  }

  async apply(patch: string, ...flags: string[]): Promise<void> {
    const file = join(this.folder, 'change.diff');
    await writeFile(file, patch);
    await run('git', ['apply', ...flags, file], { cwd: this.source });
  }

  /** Starts both services as they are now, asks, and stops them. */
  async ask<T>(question: (stock: StockClient, url: string) => Promise<T>): Promise<T> {
    // Modules are loaded once by their path.
    const copy = join(this.folder, `run-${(this.copies += 1)}`);
    await cp(this.source, copy, { recursive: true });
    process.env['KAFKA_BROKERS'] = inject('brokers');
    process.env['STOCK_PORT'] = String(await getPort());
    const stock = await started<INestApplication>(copy, 'stock/main.ts');
    const shop = await started<INestApplicationContext>(copy, 'shop/main.ts');
    try {
      const { StockClient } = (await load(copy, 'shop/stock.client.ts')) as {
        StockClient: new () => StockClient;
      };
      return await question(shop.get(StockClient), await stock.getUrl());
    } finally {
      await Promise.all([shop.close(), stock.close()]);
    }
  }

  async end(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  private get source(): string {
    return join(this.folder, 'source');
  }
}

function load(folder: string, file: string): Promise<unknown> {
  return import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href) as Promise<unknown>;
}

async function started<T>(folder: string, file: string): Promise<T> {
  const { bootstrap } = (await load(folder, file)) as { bootstrap: () => Promise<T> };
  return bootstrap();
}

const found = async (stock: StockClient) => ({
  tea: await stock.find('tea'),
  rope: await stock.find('rope').catch((error: { getResponse(): object }) => error.getResponse()),
});

const FOUND = {
  tea: { item: 'tea', count: 7 },
  rope: { statusCode: 404, message: 'There is no rope', error: 'Not Found' },
};

describe.each(['bridge', 'handlers'])('switching to Kafka by %s', way => {
  let sample: Sample;
  const kafka = process.env['KAFKA_BROKERS'];
  beforeAll(async () => {
    sample = await Sample.begin();
  });
  afterAll(async () => {
    await sample.end();
    if (kafka === undefined) delete process.env['KAFKA_BROKERS'];
    delete process.env['STOCK_PORT'];
  });

  it('is the patch in the docs, which answers as before, beside HTTP, and can be reverted', async () => {
    const patch = await patchNamed(way);
    expect(await sample.ask(found)).toEqual(FOUND);

    await sample.apply(patch);
    const switched = await sample.ask(async (stock, url) => {
      const body = JSON.stringify({ item: 'tea', count: 1 });
      const headers = { 'content-type': 'application/json' };
      const before = await found(stock);
      const posted = await fetch(`${url}/stock`, { method: 'POST', headers, body });
      return { before, posted: posted.status, after: await stock.find('tea') };
    });
    expect(switched).toEqual({ before: FOUND, posted: 201, after: { item: 'tea', count: 8 } });

    await sample.apply(patch, '--reverse');
    expect(await sample.ask(found)).toEqual(FOUND);
  });

  it('changes two lines of a handler at most', async () => {
    const [, controller = ''] = (await patchNamed(way)).split('b/stock/stock.controller.ts\n@@');
    const changed = controller
      .split('\n')
      .filter(line => line.startsWith('+') && !line.startsWith('+import'));
    expect(changed.length).toBeLessThanOrEqual(2);
  });
});

@Controller('stacked')
class StackedController {
  @Get(':id')
  @MessagePattern('stacked.find')
  find(@Param('id') id: string): string {
    return id;
  }
}

describe('a route and a pattern on one handler', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('are warned of where a message lacks what the route takes', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await services.start('stacked', [StackedController]);
    expect(warn).toHaveBeenCalledWith(
      'StackedController.find takes @Param as its parameter 0, which a message does not have: take it from @Payload',
    );
    warn.mockRestore();
  });
});
