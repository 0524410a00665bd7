import { Controller, Logger } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { Handling, Link, ParleyServer, type ParleyClient } from '@parley/transport';
import { firstValueFrom, from, lastValueFrom, toArray, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Dice } from './hostile/dice.js';
import { Flood } from './hostile/flood.js';
import { HOSTILE_CALLS, HOSTILE_EVENTS, HOSTILE_INBOX, type Known } from './hostile/hostile-records.js';
import { bytesInUse } from './hostile/memory.js';
import { rawRecords } from './hostile/raw-record.js';
import { lagOf } from './setup/lag.js';
import { Services } from './setup/services.js';

/** A run that failed is had again by the seed in its name: `HOSTILE_SEED=n`. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000);
const RECORDS = Number(process.env['HOSTILE_RECORDS'] ?? 200_000);
const ROUNDS = 10;
/** They bring everything to its working size: growth counts from there. */
const WARM_UP_ROUNDS = 2;
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;

@Controller()
class VictimController {
  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern('count')
  count(): Observable<number> {
    return from([1, 2, 3]);
  }

  @EventPattern<string>('thing.happened')
  @Handling({ retry: { attempts: 1, delaysMs: [500] } })
  happened(@Payload() data: unknown): void {
    if (data === 'fails') throw new RpcException('it failed, as it was told to');
  }
}

describe(`records of a hostile producer (seed ${SEED})`, () => {
  const services = new Services();
  const calls = `${services.prefix}victim.calls`;
  const events = `${services.prefix}thing.happened`;
  const retries = `${events}.victim.retry.500ms`;
  const inboxes = [`${services.prefix}victim.inbox`, `${services.prefix}honest.inbox`] as const;
  let server: ParleyServer;
  let link: Link;
  let client: ParleyClient;
  beforeAll(async () => {
    const app = await services.start('victim', [VictimController]);
    server = app.get(ParleyServer);
    link = app.get(Link);
    client = services.client('victim', { from: 'honest' });
    await client.connect();
  });
  afterAll(() => services.stop());

  /** What honest programs write, to be forged. */
  async function teach(): Promise<Known> {
    for (const data of [1, 'text', { a: [1] }, null, Buffer.from('bytes')]) {
      await firstValueFrom(client.send('echo', data));
      await lastValueFrom(client.send('count', data));
    }
    await firstValueFrom(client.send('echo', 'x'.repeat(600_000)));
    for (const data of ['fine', 'fails', { a: 1 }]) await lastValueFrom(client.emit('thing.happened', data));
    await vi.waitFor(async () => expect(await rawRecords(retries)).not.toHaveLength(0), { timeout: 10_000 });
    const corpora = new Map<string, Awaited<ReturnType<typeof rawRecords>>>();
    for (const topic of [calls, events, retries, ...inboxes]) {
      const written = await rawRecords(topic);
      corpora.set(
        topic,
        written.filter(({ value }) => (value?.length ?? 0) < 10_000),
      );
    }
    const framed = inboxes.flatMap(topic =>
      corpora.get(topic)!.map(({ headers }) => headers['parley']!.toString()),
    );
    return {
      prefix: services.prefix,
      topics: [events, calls, retries],
      inboxes,
      addressed: [...new Set(framed)],
      patterns: ['echo', 'count'],
      corpora,
    };
  }

  /** Floods every topic, in rounds, while honest callers are answered; then waits until nothing is left to do. */
  async function endure(flood: Flood, rounds: number): Promise<{ answered: number }> {
    let answered = 0;
    const flooding = new AbortController();
    const callers = Array.from({ length: 4 }, async () => {
      while (!flooding.signal.aborted) {
        expect(await firstValueFrom(client.send('echo', answered))).toBeTypeOf('number');
        expect(await lastValueFrom(client.send('count', 0).pipe(toArray()))).toEqual([1, 2, 3]);
        answered += 2;
        expect(server.health()).toMatchObject({
          assigned: true,
          draining: false,
          link: { state: 'connected', inboxReading: true, stalled: false },
        });
      }
    });
    try {
      for (let round = 0; round < rounds; round += 1) {
        const share = (part: number) => Math.round((RECORDS * part) / ROUNDS);
        await Promise.all([
          flood.write(calls, share(0.22), HOSTILE_CALLS),
          flood.write(inboxes[0], share(0.33), HOSTILE_INBOX),
          flood.write(inboxes[1], share(0.33), HOSTILE_INBOX),
          flood.write(events, share(0.1), HOSTILE_EVENTS),
          flood.write(retries, share(0.02), HOSTILE_EVENTS),
        ]);
      }
    } finally {
      flooding.abort();
      await Promise.allSettled(callers);
    }
    await Promise.all(callers);
    await vi.waitFor(
      async () => {
        const lags = [
          lagOf(calls, calls),
          lagOf(`${services.prefix}victim.events`, events),
          lagOf(`${services.prefix}victim.retries`, retries),
        ];
        expect(await Promise.all(lags)).toEqual([0, 0, 0]);
        expect(server.health()).toMatchObject({ load: 0, link: { runningCalls: 0, queuedRecords: 0 } });
        expect({ peers: link.peers.size, assembling: link.assembling.inUse }).toEqual({
          peers: 0,
          assembling: 0,
        });
      },
      { timeout: 60_000, interval: 500 },
    );
    return { answered };
  }

  it(`harm nothing: ${RECORDS} of them`, { timeout: 180_000 }, async () => {
    const flood = await Flood.open(new Dice(SEED), await teach());
    let lines = 0;
    // Nest's own line for each handler that throws is the application's matter.
    const count = (...said: unknown[]) => void (said.at(-1) !== 'RpcExceptionsHandler' && (lines += 1));
    Logger.overrideLogger({ log: count, warn: count, error: count });
    const began = performance.now();
    try {
      await endure(flood, WARM_UP_ROUNDS);
      const before = await bytesInUse();
      const { answered } = await endure(flood, ROUNDS);
      const growth = (await bytesInUse()) - before;
      expect(flood.written).toBeGreaterThanOrEqual(RECORDS);
      expect(answered).toBeGreaterThanOrEqual(8);
      expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
    } finally {
      await flood.close();
    }
    const seconds = (performance.now() - began) / 1000;
    expect(lines).toBeLessThan(seconds * 100);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(await firstValueFrom(client.send('echo', 'unharmed'))).toBe('unharmed');
  });
});
