import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Child } from './setup/child.js';
import { Probes, type ProbeStatus } from './setup/probes.js';
import { Services } from './setup/services.js';

/** What a loop is given before it counts as stuck, in ms. */
const STUCK_MS = 3000;
/** Longer than that, and than the look after it, in ms. */
const LONGER_MS = STUCK_MS + 1500;
/** A turn of a loop ends within them, or little more. */
const TIMEOUTS = { connectionTimeoutMs: 500, requestTimeoutMs: 500 };
const PROBED_EVERY_MS = 50;
type Answers = Readonly<Record<string, ProbeStatus>>;
const WITHIN = { timeout: 20_000, interval: 100 };

// Each has processes of its own and mostly waits: side by side they take as long as the longest.
describe.concurrent('the probes of a service', { timeout: 60_000 }, () => {
  const services = new Services();
  const children: Child[] = [];
  let starting: Promise<unknown> = Promise.resolve();
  afterAll(async () => {
    for (const child of children) child.kill();
    await services.stop();
  });

  function start(file: string, options: object = {}, ...args: string[]): Child {
    const child = new Child(file, options, ...args);
    children.push(child);
    return child;
  }

  /** A service in a process of its own that is ready. They start one after the other: all at once would be slow. */
  function ready(name: string, kafka: Parameters<typeof launch>[1] = {}): ReturnType<typeof launch> {
    const launched = starting.then(() => launch(name, kafka));
    starting = launched.catch(() => undefined);
    return launched;
  }

  async function launch(
    name: string,
    kafka: { brokers?: string; instanceId?: string },
  ): Promise<{ service: Child; probes: Probes }> {
    const options = services.options(name);
    const service = start(
      'healthy-service.mjs',
      { ...options, kafka: { ...options.kafka, ...TIMEOUTS, ...kafka } },
      JSON.stringify({ stuckMs: STUCK_MS }),
    );
    const probes = new Probes(await service.next<string>());
    await answer(probes, { ready: 200, live: 200, startup: 200 });
    return { service, probes };
  }

  /** Resolves once the probes answer so, all at the same time. */
  async function answer(probes: Probes, expected: Answers): Promise<void> {
    await vi.waitFor(async () => expect(await probes.statuses(expected)).toEqual(expected), WITHIN);
  }

  /** Resolves after what counts as stuck; rejects where one answers otherwise even once. */
  async function goOnAnswering(probes: Probes, expected: Answers): Promise<void> {
    const until = performance.now() + LONGER_MS;
    while (performance.now() < until) {
      expect(await probes.statuses(expected)).toEqual(expected);
      await delay(PROBED_EVERY_MS);
    }
  }

  it('fail readiness, and nothing else, while its broker is stopped, pass by themselves after it, and fail again when it is killed', async () => {
    const broker = start('broker.mjs');
    const { probes } = await ready('patient', { brokers: await broker.next<string>() });
    broker.pause();
    await answer(probes, { ready: 503 });
    // Requests run into their time-outs meanwhile: no restart is asked for.
    await goOnAnswering(probes, { ready: 503, live: 200 });
    broker.resume();
    await answer(probes, { ready: 200, live: 200 });

    broker.kill();
    await answer(probes, { ready: 503 });
    expect((await probes.reasons('ready')).join()).toMatch(/Kafka is disconnected|inbox is not being read/);
    await goOnAnswering(probes, { ready: 503, live: 200 });
  });

  it('pass again after its process was stopped, however long: it had no chance to go on', async () => {
    const { service, probes } = await ready('stopped');
    service.pause();
    await goOnAnswering(probes, { live: 'none' });
    service.resume();
    await vi.waitFor(async () => expect(await probes.status('live')).not.toBe('none'), WITHIN);
    expect(await probes.status('live')).toBe(200);
    await answer(probes, { ready: 200, live: 200 });
  });

  it('go unanswered while its event loop hangs, and pass after it', async () => {
    const { service, probes } = await ready('hanging');
    service.tell({ what: 'hang', ms: LONGER_MS });
    await answer(probes, { live: 'none' });
    await vi.waitFor(async () => expect(await probes.status('live')).not.toBe('none'), WITHIN);
    expect(await probes.status('live')).toBe(200);
    await answer(probes, { ready: 200, live: 200 });
  });

  it.for([
    ['consumer', 'group '],
    ['sender', 'sender to broker'],
    ['inbox', 'inbox '],
    ['membership', 'membership of group '],
  ] as const)('fail liveness once its %s has wedged, and say so', async ([part, named]) => {
    const name = `wedged-${part}`;
    const { service, probes } = await ready(name);
    service.tell({ what: `wedge ${part}` });
    // Something to send, for a sender at rest cannot be told from one that has wedged.
    services
      .client(name)
      .send('greet', 'ada')
      .subscribe({ error: () => undefined });
    await answer(probes, { live: 503, ready: 503 });
    expect((await probes.reasons('live')).join()).toMatch(
      new RegExp(`^the ${named}.* has not moved for \\d+ s`),
    );
  });

  it('fail liveness once its consumer has crashed', async () => {
    const { probes } = await ready('fenced', { instanceId: 'same' });
    const { probes: other } = await ready('fenced', { instanceId: 'same' });
    await answer(probes, { live: 503, ready: 503 });
    expect((await probes.reasons('live')).join()).toContain('the consumer crashed');
    expect(await other.status('live')).toBe(200);
  });
});
