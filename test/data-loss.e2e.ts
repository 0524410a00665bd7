import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deleteRecords } from './setup/delete-records.js';
import { Services } from './setup/services.js';

const STALLED_CALLER = fileURLToPath(new URL('./processes/stalled-caller.mjs', import.meta.url));

let produced = 0;
let open = 0;

@Controller()
class CountController {
  @MessagePattern('count')
  async *count(@Payload() _data: unknown): AsyncGenerator<number> {
    open += 1;
    try {
      for (produced = 0; ; produced += 1) {
        yield produced;
        await delay(5); // The stream's pace: nothing is waited for.
      }
    } finally {
      open -= 1;
    }
  }

  @MessagePattern('never')
  never(@Payload() _data: unknown): Promise<never> {
    return new Promise(() => undefined);
  }

  @MessagePattern('echo')
  echo(@Payload() n: number): number {
    return n;
  }
}

interface Said {
  call: 'stream' | 'unary';
  item?: number;
  status?: string;
  message?: string;
}

describe('an inbox that is overtaken by its topic’s retention', () => {
  const services = new Services();
  let caller: ChildProcess | undefined;
  beforeAll(async () => {
    await services.start('lossy', [CountController]);
  });
  afterAll(async () => {
    caller?.kill('SIGKILL');
    await services.stop();
  });

  it('fails the calls that it hit at once, and cuts no stream short unsaid', async () => {
    const said: Said[] = [];
    const options = { ...services.options('stalled'), to: 'lossy' };
    // Without the runner's own arguments: it runs against what was built.
    caller = fork(STALLED_CALLER, [JSON.stringify(options)], { execArgv: [] });
    caller.on('message', message => said.push(message as Said));
    await vi.waitFor(() => expect(said.length).toBeGreaterThan(20), { timeout: 20_000 });

    caller.kill('SIGSTOP');
    const goal = produced + 100;
    await vi.waitFor(() => expect(produced).toBeGreaterThan(goal), { timeout: 5000 });
    await deleteRecords(`${services.prefix}stalled.inbox`);
    caller.kill('SIGCONT');

    await vi.waitFor(() => expect(said.filter(({ status }) => status !== undefined)).toHaveLength(2), {
      timeout: 3000,
    });
    for (const { status, message } of said.filter(one => one.status !== undefined)) {
      expect(status).toBe('DATA_LOSS');
      expect(message).toMatch(/records of the inbox were deleted/);
    }
    const items = said.filter(({ item }) => item !== undefined).map(({ item }) => item);
    expect(items).toEqual(Array.from({ length: items.length }, (_, n) => n));
    await vi.waitFor(() => expect(open).toBe(0));
    expect(await firstValueFrom(services.client('lossy').send('echo', 1))).toBe(1);
  });
});
