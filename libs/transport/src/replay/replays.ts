import { DriverError, type Driver } from '../drivers/driver.js';
import { patiently } from '../dead/patience.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { statusOfDriverError } from '../link/driver-status.js';
import type { Link } from '../link/link.js';
import type { Events } from '../server/events/events.js';
import type { EventHandler, Handlers } from '../server/handlers.js';
import { Replay } from './replay.js';
import type { ReplayOptions, ReplayReport } from './replay-options.js';
import { stretchesOf, type OffsetsByPartition, type Stretch } from './stretches.js';

const MOST_CONCURRENCY = 100_000;
const MOST_PER_SECOND = 1_000_000;

/** The replays that a server runs: they end with it. */
export class Replays {
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly events: Events,
    private readonly concurrency: number,
  ) {}

  /** See `ParleyServer.replay`. */
  async run(pattern: string, options: ReplayOptions): Promise<ReplayReport> {
    const replaying = this.replay(pattern, options);
    this.running.add(replaying);
    try {
      return await replaying;
    } catch (error) {
      throw error instanceof DriverError ? ParleyException.of(statusOfDriverError(error)) : error;
    } finally {
      this.running.delete(replaying);
    }
  }

  /** Ends what runs; resolves once it has. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.running);
  }

  private async replay(pattern: string, options: ReplayOptions): Promise<ReplayReport> {
    const { from, concurrency = this.concurrency, perSecond, failures, onProgress } = options;
    if (from !== 'earliest' && (typeof from !== 'object' || from === null))
      throw new TypeError(`from must be 'earliest', a Date or offsets by partition; got ${String(from)}`);
    checkCount('concurrency', concurrency, MOST_CONCURRENCY);
    checkCount('perSecond', perSecond, MOST_PER_SECOND);
    const handlers = this.chosen(pattern, options.handler);
    if (!this.link.isOpen || this.stopping.signal.aborted)
      throw new ParleyException(
        'UNAVAILABLE',
        'events are replayed by a server that listens, and has not stopped',
      );
    const { names, drainTimeoutMs } = this.link.options;
    const { driver } = this.link;
    const topic = names.event(pattern);
    const signals = [this.stopping.signal, ...(options.signal ? [options.signal] : [])];
    const stretches = await stretchesIn(driver, topic, options);
    return new Replay({
      driver,
      events: this.events,
      pattern,
      topic,
      stretches,
      handlers,
      concurrency,
      drainTimeoutMs,
      perSecond,
      failures,
      onProgress,
      signal: AbortSignal.any(signals),
    }).whole();
  }

  private chosen(pattern: string, name: string | undefined): ReadonlySet<EventHandler> {
    const all = this.handlers.event(pattern);
    const chosen = name === undefined ? all : all.filter(handler => handler.name === name);
    if (chosen.length > 0) return new Set(chosen);
    const has = all.length > 0 ? `it has ${all.map(handler => handler.name).join(', ')}` : 'it has none';
    throw new TypeError(
      `this service has no handler${name === undefined ? '' : ` ${name}`} of the event ${JSON.stringify(pattern)}: ${has}`,
    );
  }
}

/** What there is to read now of what was asked for. */
async function stretchesIn(driver: Driver, topic: string, { from, to }: ReplayOptions): Promise<Stretch[]> {
  const at = async (name: string, place: Date | OffsetsByPartition): Promise<OffsetsByPartition> => {
    if (!(place instanceof Date)) return place;
    const time = place.getTime();
    if (Number.isNaN(time)) throw new TypeError(`${name} is an invalid Date`);
    // Below 0 the protocol means something else.
    const offsets = await patiently(() => driver.offsetsAt(topic, Math.max(0, time)));
    return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, offset]));
  };
  // The ends before the times: what is appended meanwhile is not read.
  const extents = await patiently(() => driver.extents(topic));
  return stretchesOf(extents, {
    from: from === 'earliest' ? from : await at('from', from),
    byTime: from instanceof Date,
    to: to && (await at('to', to)),
  });
}

function checkCount(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isFinite(value) && value > 0 && value <= most)) return;
  throw new TypeError(`${name} must be a number above 0, ${most} at most; got ${value}`);
}
