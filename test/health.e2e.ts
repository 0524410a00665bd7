import { Controller, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { EmbeddedKafka } from '@parley/embedded-kafka';
import { ParleyHealthModule } from '@parley/health';
import { ParleyModule, ParleyServer } from '@parley/transport';
import { afterEach, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

/** Requests that a service which goes on as it is does not make, by their API keys. A connection begins with apiVersions. */
const NEVER_ASKED = { findCoordinator: 10, joinGroup: 11, leaveGroup: 13, syncGroup: 14, apiVersions: 18 };

@Controller()
class PingController {
  @MessagePattern('ping')
  ping(@Payload() _data: unknown): string {
    return 'pong';
  }
}

describe('health', () => {
  const services = new Services();
  let app: INestApplication | undefined;
  let kafka: EmbeddedKafka | undefined;
  afterEach(async () => {
    await app?.close();
    await kafka?.close();
  });

  async function start(
    serve: boolean,
  ): Promise<{ status(probe: string): Promise<number>; body(probe: string): Promise<string> }> {
    kafka = await EmbeddedKafka.start();
    const options = services.options('healthy', { kafka: { brokers: kafka.bootstrap } });
    @Module({
      imports: [ParleyModule.forRoot(options), ParleyHealthModule],
      controllers: serve ? [PingController] : [],
    })
    class HealthyModule {}
    app = await NestFactory.create(HealthyModule, { logger: false });
    if (serve) {
      app.connectMicroservice({ strategy: app.get(ParleyServer) }, { inheritAppConfig: true });
      await app.startAllMicroservices();
    }
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return {
      status: async probe => (await fetch(`${url}/health/${probe}`)).status,
      body: async probe => (await fetch(`${url}/health/${probe}`)).text(),
    };
  }

  it.each([true, false])(
    'tells the truth through an outage, and recovers by itself (a server: %s)',
    async serve => {
      const probe = await start(serve);
      await expect.poll(() => probe.status('startup'), { timeout: 10_000 }).toBe(200);
      await expect.poll(() => probe.status('ready'), { timeout: 10_000 }).toBe(200);
      expect(await probe.status('live')).toBe(200);

      await kafka!.stopBroker(1);
      await expect.poll(() => probe.status('ready'), { timeout: 10_000 }).toBe(503);
      expect(await probe.status('live')).toBe(200);
      expect(await probe.body('ready')).toContain('reasons');

      await kafka!.startBroker(1);
      await expect.poll(() => probe.status('ready'), { timeout: 20_000 }).toBe(200);
      expect(await probe.status('live')).toBe(200);
    },
  );

  it('makes no connection to Kafka and asks it for nothing, for a thousand probes', async () => {
    const probe = await start(true);
    await expect.poll(() => probe.status('ready'), { timeout: 10_000 }).toBe(200);
    const asked: number[] = [];
    const removers = Object.values(NEVER_ASKED).map(api =>
      kafka!.intercept(api, ({ apiKey }) => void asked.push(apiKey)),
    );
    for (let n = 0; n < 1000; n += 1)
      expect(await probe.status(['live', 'ready', 'startup'][n % 3]!)).toBe(200);
    for (const remove of removers) remove();
    expect(asked).toEqual([]);
  });
});
