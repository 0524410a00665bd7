import { Controller, type Type } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { lastValueFrom, timeout } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Load } from './setup/load.js';
import { NestKafka } from './setup/nest-kafka.js';
import { Services } from './setup/services.js';

interface Answer {
  n: number;
  by: string;
}

/** How long a rebalance may take that both clients are part of, in ms. */
const ROLLED = { timeout: 15_000, interval: 50 };
const SIDE_BY_SIDE = 4;

describe.each(['topic-per-service', 'topic-per-pattern'] as const)(
  'a service that moves from Nest’s built-in transport to Parley (%s)',
  routing => {
    const services = new Services();
    const nest = new NestKafka();
    const { prefix } = services;
    const handled = new Map<number, string[]>();
    afterAll(async () => {
      await nest.stop();
      await services.stop();
    });

    /** The same controller, before and after: only where a prefix is set do its patterns have it. */
    function shop(by: string, before: string): Type {
      @Controller()
      class ShopController {
        @MessagePattern(`${before}price`)
        price(@Payload() { n }: { n: number }): Answer {
          return { n, by };
        }

        @EventPattern<string>(`${before}sold`)
        sold(@Payload() { n }: { n: number }): void {
          handled.set(n, [...(handled.get(n) ?? []), by]);
        }
      }
      return ShopController;
    }

    it('loses no call and no event on the way, while both are under load', async () => {
      await nest.topics([`${prefix}price`, `${prefix}sold`], 4);
      const oldServer = await nest.server(`${prefix}shop`, [shop('old', prefix)]);
      const oldCaller = await nest.client(`${prefix}caller`, [`${prefix}price`]);
      const callAsBefore = (n: number) =>
        lastValueFrom(oldCaller.send<Answer>(`${prefix}price`, { n }).pipe(timeout(20_000)));
      const calls = new Load(callAsBefore, SIDE_BY_SIDE);
      const events = new Load(async n => {
        await lastValueFrom(oldCaller.emit(`${prefix}sold`, { n }));
        await callAsBefore(-1);
        return n;
      }, 1);
      const answeredBy = (by: string) => calls.answers.filter(answer => answer.by === by).length;
      const heardBy = (by: string) => [...handled.values()].filter(all => all.includes(by)).length;
      await vi.waitFor(() => expect(answeredBy('old')).toBeGreaterThan(100), ROLLED);
      await vi.waitFor(() => expect(heardBy('old')).toBeGreaterThan(20), ROLLED);

      // A new instance beside the old one: they share the group's partitions.
      await services.start('shop', [shop('new', '')], {
        routing,
        nestKafka: { group: `${prefix}shop-server` },
      });
      await vi.waitFor(() => {
        expect(answeredBy('new')).toBeGreaterThan(50);
        expect(heardBy('new')).toBeGreaterThan(5);
      }, ROLLED);
      const before = answeredBy('old');
      await vi.waitFor(() => expect(answeredBy('old')).toBeGreaterThan(before + 20), ROLLED);

      // The old one leaves; callers move one by one.
      await nest.close(oldServer);
      const newCaller = services.client('shop', { routing });
      const newCalls = new Load(n => lastValueFrom(newCaller.send<Answer>('price', { n })), SIDE_BY_SIDE);
      const left = answeredBy('new');
      await vi.waitFor(() => {
        expect(answeredBy('new')).toBeGreaterThan(left + 50);
        expect(newCalls.answers.length).toBeGreaterThan(100);
      }, ROLLED);

      const answers = [...(await calls.end())];
      expect(answers.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(answers.map((_, n) => n));
      expect((await newCalls.end()).every(({ by }) => by === 'new')).toBe(true);
      const sent = await events.end();
      await vi.waitFor(() => expect(sent.filter(n => !handled.has(n))).toEqual([]), ROLLED);
    });
  },
);
