import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import getPort from 'get-port';
import { firstValueFrom } from 'rxjs';
import { afterAll, expect, inject, it, vi } from 'vitest';
import { Services } from './setup/services.js';

const MAIN = fileURLToPath(new URL('../apps/notification/dist/main.js', import.meta.url));
const services = new Services();

afterAll(() => services.stop());

it('a running sample tells its figures at /metrics, in Prometheus’ format', async () => {
  const port = await getPort();
  const run = execa('node', [MAIN], {
    env: { KAFKA_BROKERS: inject('brokers'), PORT: String(port), NO_COLOR: '1' },
    all: true,
    reject: false,
  });
  try {
    const client = services.client('notification', { prefix: '' });
    const userId = randomUUID();
    await firstValueFrom(client.send('notifications.list', { userId }));
    const figures = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      expect(response.status).toBe(200);
      return (await response.text()).split('\n');
    };
    await vi.waitFor(async () =>
      expect(await figures()).toContainEqual(
        expect.stringMatching(
          /^messaging_process_duration_count\{.*parley_pattern="notifications\.list".*\} \d+$/,
        ),
      ),
    );
    const lines = await figures();
    expect(lines).toContainEqual(
      expect.stringMatching(/^parley_link_connected\{parley_service="notification",.*\} 1$/),
    );
    for (const name of [
      'messaging_client_sent_messages_total',
      'parley_consumer_lag',
      'parley_sender_batch_size',
    ])
      expect(lines.some(line => line.startsWith(name))).toBe(true);
  } finally {
    run.kill('SIGTERM');
    await run;
  }
}, 30_000);
