import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Handling } from '@parley/transport';
import { execa } from 'execa';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

const WITHIN = { timeout: 15_000, interval: 100 };
const COUNT = 30;

let failing = true;
const handled: number[] = [];
const left: number[] = [];

@Controller()
class MailerController {
  @EventPattern<string>('user.created')
  @Handling({ retry: { attempts: 1 } })
  welcome(@Payload() data: number): void {
    if (failing) throw new TypeError(`no room for ${data}`);
    handled.push(data);
  }

  @EventPattern<string>('user.left')
  @Handling({ retry: { attempts: 1 } })
  goodbye(@Payload() data: number): void {
    if (failing) throw new TypeError('no goodbye');
    left.push(data);
  }
}

/** As much of `--json` as is looked at here. */
interface Output {
  letters: { id: string; cause: string }[];
  matched: number;
  redriven: number;
  ended: string;
}

describe('npx parley dead', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('mailer', [MailerController]);
    await die('user.created', COUNT);
  });
  afterAll(() => services.stop());

  /** As `npx parley` runs it: what npm has linked, on what was built. */
  function parley(...args: string[]) {
    const connection = ['--service', 'mailer', '--prefix', services.prefix];
    return execa('parley', ['dead', ...args, ...connection], {
      env: { KAFKA_BROKERS: inject('brokers') },
      preferLocal: true,
      reject: false,
      timeout: 25_000,
    });
  }

  async function list(...args: string[]): Promise<Output> {
    const { stdout } = await parley('list', '--json', ...args);
    return JSON.parse(stdout) as Output;
  }

  /** Emits numbers from 1 that become letters, and waits until they are. */
  async function die(pattern: string, count: number): Promise<void> {
    const client = services.client('mailer');
    for (let n = 1; n <= count; n += 1) await firstValueFrom(client.emit(pattern, n));
    await vi.waitFor(async () => expect((await list('--topic', pattern)).matched).toBe(count), {
      ...WITHIN,
      interval: 500,
    });
  }

  it('lists and shows: a table for people, JSON for programs, nothing else', async () => {
    const { stdout, stderr, exitCode } = await parley('list', '--limit', '2');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toMatch(/│\s+letter\s+│/);
    expect(stdout).toContain('TypeError: no room for');
    expect(stdout).toContain(`${COUNT} letters, 2 of them shown`);

    const { letters } = await list();
    const shown = await parley('show', letters[0]!.id, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ service: 'mailer', redrives: 0, headers: {} });
    expect((await parley('show', letters[0]!.id)).stdout).toContain('TypeError: no room for');
  });

  it('exits 1 where it cannot be done, and 2 where it is asked wrongly', async () => {
    const missing = await parley('show', `${services.prefix}user.created.mailer.dead/0/9999`);
    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
    expect(missing.stderr).toContain('NOT_FOUND');
    const unreachable = await parley('list', '--brokers', '127.0.0.1:1', '--json');
    expect(unreachable).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unreachable.stderr).toContain('UNAVAILABLE');
    expect(await parley('list', '--older-than', 'long')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await parley('rewind')).toMatchObject({ exitCode: 2 });
  });

  it('redrives only when it is told to, ends in order at Ctrl-C, and goes on from there', async () => {
    failing = false;
    const rehearsed = await parley('redrive');
    expect(rehearsed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(rehearsed.stdout).toContain(`DRY RUN, nothing was changed: ${COUNT} letters would be redriven`);
    expect(await readTopic(`${services.prefix}user.created`)).toHaveLength(COUNT);

    const run = parley('redrive', '--no-dry-run', '--rate', '10', '--json');
    await vi.waitFor(() => expect(handled.length).toBeGreaterThan(2), WITHIN);
    run.kill('SIGINT');
    const { exitCode, stdout } = await run;
    const first = JSON.parse(stdout) as Output;
    expect({ exitCode, ended: first.ended }).toEqual({ exitCode: 130, ended: 'interrupted' });
    expect(first.redriven).toBeLessThan(COUNT);

    const second = await parley('redrive', '--no-dry-run', '--json');
    expect(second.exitCode).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ ended: 'end', redriven: COUNT - first.redriven });
    await vi.waitFor(() => expect(handled).toHaveLength(COUNT), WITHIN);
    expect(new Set(handled).size).toBe(COUNT);
    expect((await list()).matched).toBe(0);
  });

  it('that is killed while it redrives loses nothing, and repeats its last moment at most', async () => {
    failing = true;
    await die('user.left', 60);
    failing = false;
    const redrive = ['redrive', '--topic', 'user.left', '--no-dry-run'];
    const run = parley(...redrive, '--rate', '20');
    await vi.waitFor(() => expect(left.length).toBeGreaterThan(30), WITHIN);
    run.kill('SIGKILL');
    await run;
    expect(left.length).toBeLessThan(60);
    const second = await parley(...redrive, '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({ ended: 'end', failed: 0 });
    await vi.waitFor(() => expect(new Set(left).size).toBe(60), WITHIN);
    // A second's worth, of the half that it commits within: without that, more than thirty.
    expect(left.length - 60).toBeLessThanOrEqual(20);
  });
});
