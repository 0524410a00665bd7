import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { NestFactory } from '@nestjs/core';
import { EmbeddedKafka, type ApiKey } from '@parley/embedded-kafka';
import { ParleyClient, ParleyModule, ParleyServer, type ParleyOptions } from '@parley/transport';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hang } from './setup/hang.js';
import { Services } from './setup/services.js';

const DRAIN_MS = 400;
/** What closing may take beyond its `drainTimeoutMs`. */
const MARGIN_MS = 1000;

let begun = 0;
let release: () => void = () => undefined;

@Controller()
class WaitingController {
  @MessagePattern('wait')
  async wait(@Payload() _data: unknown): Promise<void> {
    begun += 1;
    await new Promise<void>(resolve => (release = resolve));
  }

  @EventPattern('waiting')
  waiting(@Payload() data: unknown): Promise<void> {
    return this.wait(data);
  }
}

/** A server that has not begun to listen, of either kind. */
async function serverOf(kind: string, options: ParleyOptions) {
  if (kind === 'standalone') {
    const strategy = new ParleyServer(options);
    class StandaloneModule {}
    const module = { module: StandaloneModule, controllers: [WaitingController] };
    return NestFactory.createMicroservice(module, { strategy, logger: false });
  }
  class ServiceModule {}
  const imports = [ParleyModule.forRoot(options)];
  const module = { module: ServiceModule, imports, controllers: [WaitingController] };
  return NestFactory.createMicroservice(module, {
    inject: [ParleyServer],
    useFactory: (strategy: ParleyServer) => ({ strategy }),
    logger: false,
  } as never);
}

async function msUntil(done: Promise<unknown>): Promise<number> {
  const from = performance.now();
  await done;
  return performance.now() - from;
}

describe('closing where Kafka', () => {
  const services = new Services();
  const optionsFor = (service: string, brokers: string): ParleyOptions =>
    services.options(service, { drainTimeoutMs: DRAIN_MS, kafka: { brokers } });
  const start = async () => {
    const kafka = await EmbeddedKafka.start();
    services.add(kafka);
    return kafka;
  };
  beforeEach(() => (begun = 0));
  afterAll(() => services.stop());

  it.each([
    ['hangs', 'module'],
    ['hangs', 'standalone'],
    ['goes away', 'module'],
  ])('%s in the middle of calls and events is bounded (%s)', async (what, kind) => {
    const kafka = await start();
    const options = optionsFor('hung', kafka.bootstrap);
    const app = await serverOf(kind, options);
    await app.listen();
    const client = new ParleyClient({ ...options, service: 'caller', to: 'hung' });
    const refused = expect(firstValueFrom(client.send('wait', 1))).rejects.toMatchObject({
      status: 'UNAVAILABLE',
    });
    await lastValueFrom(client.emit('waiting', 1));
    await vi.waitFor(() => expect(begun).toBe(2));
    if (what === 'hangs') hang(kafka);
    else await kafka.close();
    const emitted = expect(lastValueFrom(client.emit('waiting', 2))).rejects.toMatchObject({
      status: 'UNAVAILABLE',
    });
    // One of the two ends, so that there is something to commit or to send.
    release();
    expect(await msUntil(app.close())).toBeLessThan(DRAIN_MS + MARGIN_MS);
    expect(await msUntil(client.close())).toBeLessThan(DRAIN_MS + MARGIN_MS);
    await Promise.all([refused, emitted]);
  });

  it.each<[string, keyof typeof ApiKey]>([
    ['says nothing to whoever connects', 'ApiVersions'],
    ['does not answer to new topics', 'CreateTopics'],
    ['lets nobody join a group', 'JoinGroup'],
  ])('%s is bounded, and the start that it breaks off is no error', async (_what, api) => {
    const kafka = await start();
    const asked = hang(kafka, api);
    for (const kind of ['module', 'standalone']) {
      const app = await serverOf(kind, optionsFor('starting', kafka.bootstrap));
      asked.length = 0;
      const listening = app.listen();
      await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
      expect(await msUntil(app.close())).toBeLessThan(DRAIN_MS + MARGIN_MS);
      await listening;
    }
  });
});
