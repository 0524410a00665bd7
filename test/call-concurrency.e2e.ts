import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

let running: number[];
let most: number;
let began: number[];
let release: () => void;
let gate: Promise<void>;

@Controller()
class ReportController {
  @MessagePattern('report')
  @Handling({ concurrency: 2 })
  async report(@Payload() n: number): Promise<number> {
    began.push(n);
    running.push(n);
    most = Math.max(most, running.length);
    await gate;
    running.splice(running.indexOf(n), 1);
    return n;
  }

  @MessagePattern('ping')
  ping(): string {
    return 'pong';
  }
}

describe('a handler that runs only so many calls at a time', () => {
  let services: Services;
  beforeEach(async () => {
    [running, most, began] = [[], 0, []];
    gate = new Promise(resolve => (release = resolve));
    services = new Services();
    const one = { topics: { calls: { partitions: 1 }, inbox: { partitions: 1 } }, concurrency: 8 };
    await services.start('reports', [ReportController], one);
  });
  afterEach(() => services.stop());

  it('holds up no call of another handler, nor takes its slot, and answers in the order of its keys', async () => {
    const client = services.client('reports');
    const numbers = [0, 1, 2, 3, 4, 5, 6, 7];
    const reports = Promise.all(
      numbers.map(n =>
        firstValueFrom(client.send<number>('report', new ParleyRecordBuilder(n).setKey(`k${n % 4}`).build())),
      ),
    );
    await vi.waitFor(() => expect(running).toHaveLength(2));
    for (let n = 0; n < 40; n += 1) expect(await firstValueFrom(client.send('ping', n))).toBe('pong');
    release();
    expect(await reports).toEqual(numbers);
    expect(most).toBe(2);
    for (const key of [0, 1, 2, 3]) {
      const ofKey = began.filter(n => n % 4 === key);
      expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
    }
  });

  it('refuses what is more than may wait; what waits fails by its own deadline', async () => {
    const client = services.client('reports');
    const ask = (n: number, timeoutMs: number) =>
      firstValueFrom(
        client.send<number>('report', new ParleyRecordBuilder(n).setTimeout(timeoutMs).build()),
      ).then(String, (error: { status: string }) => error.status);
    const first = [0, 1].map(n => ask(n, 30_000));
    await vi.waitFor(() => expect(running).toHaveLength(2));
    const waiting = Array.from({ length: 8 }, (_, n) => ask(n + 2, n < 4 ? 500 : 30_000));
    const outcomes = await Promise.all([...waiting.slice(0, 4), ...[10, 11, 12].map(n => ask(n, 30_000))]);
    expect(outcomes.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => 'DEADLINE_EXCEEDED'));
    expect(outcomes.slice(4)).toEqual(Array.from({ length: 3 }, () => 'RESOURCE_EXHAUSTED'));
    release();
    expect(await Promise.all([...first, ...waiting.slice(4)])).toEqual(['0', '1', '6', '7', '8', '9']);
    expect(began).toEqual(expect.not.arrayContaining([10, 11, 12]));
  });
});
