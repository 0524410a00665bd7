import { Server, type MessageHandler } from '@nestjs/microservices';
import { Consumption, type ConsumptionOptions } from '../consume/consumption.js';
import { within } from '../drivers/timing/deadline.js';
import { rememberOriginalErrors } from '../exceptions/original-errors.js';
import { Hooks } from '../hooks/hooks.js';
import { NestServer } from '../interop/nest-server.js';
import { readNestValue } from '../interop/nest-value.js';
import type { LinkState } from '../link/link-health.js';
import { Link } from '../link/link.js';
import { callsTopic, eventTopic } from '../link/topics.js';
import type { ReplayOptions, ReplayReport } from '../replay/replay-options.js';
import { Replays } from '../replay/replays.js';
import { ConsumerGroups } from '../telemetry/consumer-groups.js';
import { tellReceived } from '../telemetry/received.js';
import { addServerFigures } from '../telemetry/server-figures.js';
import type { ParleyOptions } from '../options/parley-options.js';
import { resolveServerOptions } from '../options/resolve-options.js';
import type { ServerSettings } from '../options/settings.js';
import { CallerShares } from './calls/caller-shares.js';
import { Calls } from './calls/calls.js';
import { eventConsumptions } from './events/event-consumptions.js';
import { Events } from './events/events.js';
import { ExecutionWatches } from './execution-watches.js';
import { Handlers } from './handlers.js';
import { InboxRequests } from './calls/inbox-requests.js';
import type { ParleyContext } from './parley-context.js';
import { RequestParts } from './calls/request-parts.js';
import type { ServerHealth } from './server-health.js';

/** Names this transport to Nest, for handlers that are meant for one transport only. */
export const PARLEY = Symbol.for('parley');

/** How long a server tries to reach Kafka before it fails to start, in ms. */
const START_TIMEOUT_MS = 60_000;
/** How long a start waits for what its group gives it to read, in ms; it goes on without. */
const FIRST_ASSIGNED_MS = 10_000;
/** A server that listens for so long without its application being started says so in the log, in ms. */
const BOOT_WARNING_AFTER_MS = 10_000;

/**
 * Serves a service's handlers: `app.connectMicroservice({ strategy: app.get(ParleyServer) })`, or on its own
 * `{ strategy: new ParleyServer(options) }`, which then gets no hook of Nest's and drains when Nest closes it.
 */
export class ParleyServer extends Server<Record<never, never>, LinkState> {
  override transportId = PARLEY;
  private readonly settings: ServerSettings;
  private readonly link: Link;
  private readonly hooks: Hooks;
  private readonly groups: ConsumerGroups;
  private readonly ownsLink: boolean;
  private readonly handlers = new Handlers();
  /** Event patterns by topic. */
  private readonly eventPatterns = new Map<string, string>();
  private readonly calls: Calls;
  private readonly requestParts: RequestParts;
  private readonly inboxRequests: InboxRequests;
  private readonly events: Events;
  /** The side that Nest's built-in Kafka transport sees, where there is to be one. */
  private readonly nest: NestServer | undefined;
  private readonly replays: Replays;
  private readonly consumptions: Consumption[] = [];
  private booted = true;
  private listening = false;
  private bootWarning: NodeJS.Timeout | undefined;
  private taking: Promise<void> | undefined;
  private draining: Promise<void> | undefined;
  private crash: Error | undefined;
  private stopFigures: (() => void) | undefined;

  /** Of its own link and hooks by default; ParleyModule gives it the application's. */
  constructor(options: ParleyOptions, link?: Link, hooks?: Hooks) {
    super();
    rememberOriginalErrors();
    this.settings = resolveServerOptions(options);
    this.ownsLink = link === undefined;
    this.link = link ?? new Link(this.settings.link);
    this.link.onState(state => this._status$.next(state));
    const withHooks = (context: ParleyContext, run: (end: () => void) => Promise<void>) => {
      this.runWithProcessingHooks(context, run);
    };
    this.hooks = hooks ?? new Hooks(this.settings.hooks);
    this.groups = new ConsumerGroups(this.link.instance);
    const watches = new ExecutionWatches(this.hooks, this.groups);
    const watchCall = (context: ParleyContext, withinMs: number) => watches.ofCall(context, withinMs);
    this.calls = new Calls(this.link, this.handlers, {
      maxStreams: this.settings.maxStreams,
      maxWaiting: this.settings.concurrency,
      withHooks,
      watch: watchCall,
    });
    const { maxCallsPerCaller } = this.settings;
    const runner =
      maxCallsPerCaller === undefined ? this.calls : new CallerShares(this.calls, maxCallsPerCaller);
    this.requestParts = new RequestParts(runner, { maxItemBytes: this.settings.link.maxItemBytes });
    this.inboxRequests = new InboxRequests(runner, this.settings.collectConcurrency);
    this.nest =
      this.settings.nestKafka &&
      new NestServer(this.link, this.handlers, {
        nest: this.settings.nestKafka,
        concurrency: this.settings.concurrency,
        maxStreams: this.settings.maxStreams,
        withHooks,
        watch: watchCall,
        parleyWork: (record, redelivered) => this.requestParts.work(record, redelivered),
        eventWork: record => this.events.work(record, { broadcast: false }),
      });
    this.events = new Events(this.link, this.handlers, {
      ...(this.nest && { foreignValue: readNestValue }),
      patternOf: topic => this.eventPatterns.get(topic),
      withHooks,
      watch: (context, withinMs, broadcast) => watches.ofEvent(context, withinMs, broadcast),
    });
    this.replays = new Replays(this.link, this.handlers, this.events, this.settings.eventConcurrency);
  }

  override addHandler(
    pattern: unknown,
    handler: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const route = this.normalizePattern(pattern as Parameters<ParleyServer['normalizePattern']>[0]);
    handler.isEventHandler = isEventHandler;
    handler.extras = extras;
    if (isEventHandler) {
      this.eventPatterns.set(this.settings.link.names.event(route), route);
      this.handlers.addEvent(route, handler);
    } else {
      this.handlers.addCall(route, handler);
    }
    this.messageHandlers.set(route, handler);
  }

  /**
   * Opens the link and makes the topics; handlers run once the application has started too. Closed meanwhile, it calls
   * back without an error: one that nobody catches would end the process before it has closed what else it has.
   */
  override listen(callback: (error?: unknown) => void): void {
    this.start().then(
      () => callback(),
      (error: unknown) => callback(this.draining ? undefined : error),
    );
  }

  /** For ParleyModule: requests wait until `bootstrapped`. */
  awaitBootstrap(): void {
    this.booted = false;
  }

  /** For ParleyModule: every provider is ready. */
  bootstrapped(): void {
    this.booted = true;
    clearTimeout(this.bootWarning);
    this.take().catch((error: Error) => this.logger.error(error.message, error.stack));
  }

  /**
   * Gives the events of a pattern that are still there to its handlers once more, in this process: from a time or an
   * offset up to where the log ends now, then it is over. It reads without a group, so that nothing changes for what the
   * service has still to handle; an event may run here and as a new one at the same time. `context.replayed` tells
   * handlers. Resolves with what became of the events; raises TypeError for options that cannot be used, rejects
   * UNAVAILABLE where Kafka is not there, with the report so far as its `details`.
   *
   *     const { handled, failed } = await server.replay('order.created', { from: new Date('2026-11-01') });
   */
  async replay(pattern: unknown, options: ReplayOptions): Promise<ReplayReport> {
    const route = this.normalizePattern(pattern as Parameters<ParleyServer['normalizePattern']>[0]);
    return this.replays.run(route, options);
  }

  /**
   * Stops taking, lets handlers finish within `drainTimeoutMs`, ends streams, sends what waits, commits, leaves the
   * groups. The link stays open for what others still have to send. A second call returns the first one's promise.
   */
  drain(): Promise<void> {
    return (this.draining ??= this.link.drainTime.during(() => this.stop()));
  }

  /** Never rejects: Nest would skip the application's own shutdown hooks. */
  override async close(): Promise<void> {
    try {
      await this.drain();
      if (this.ownsLink) await this.link.close();
    } catch (error) {
      this.logger.error(error);
    }
  }

  override on(): never {
    throw new Error(
      'ParleyServer has no events of its own: subscribe to `status`, or use `unwrap()` for the Kafka client',
    );
  }

  /** The Kafka client, once listening. */
  unwrap<T>(): T {
    return this.link.driver.unwrap<T>();
  }

  health(): ServerHealth {
    const untaken = this.events.untaken.records;
    return {
      link: this.link.health(),
      serves: this.patternsServed > 0,
      listening: this.listening,
      draining: this.draining !== undefined,
      taking: this.consumptions.length > 0,
      assigned: this.consumptions.every(({ assigned }) => assigned),
      load: this.consumptions.reduce((sum, { load }) => sum + load, this.inboxRequests.running),
      expiredCalls: this.calls.expired,
      loops: this.consumptions.flatMap(consumption => consumption.loops()),
      ...(untaken && { untaken }),
      ...(this.crash && { crash: this.crash.message }),
    };
  }

  private get patternsServed(): number {
    return this.handlers.callPatterns.length + this.handlers.eventPatterns.length;
  }

  private async start(): Promise<void> {
    await this.link.open(START_TIMEOUT_MS);
    this.link.driver.on('crashed', ({ error }) => {
      this.crash = error;
      this.logger.error(`The consumer gave up: ${error.message}`, error.stack);
    });
    const topics = this.topics();
    await this.link.ensureTopics(this.nest ? await this.nest.withoutShared(topics) : topics);
    if (this.draining) return;
    this.listening = true;
    const { calls, nest, consumptions, groups } = this;
    const { service } = this.settings.link;
    this.stopFigures = addServerFigures({ service, groups, calls, nest, consumptions });
    if (!this.booted) this.warnUnlessBooted();
    await this.take();
  }

  private warnUnlessBooted(): void {
    const warn = () =>
      this.logger.warn('No request is taken yet: a hybrid application also needs app.init() or app.listen()');
    this.bootWarning = setTimeout(warn, BOOT_WARNING_AFTER_MS);
    this.bootWarning.unref();
  }

  private topics() {
    const { names, service, topics } = this.settings.link;
    const calls = names.served(service, this.handlers.callPatterns);
    const events = this.handlers.eventPatterns.map(pattern => names.event(pattern));
    const { retryTopics } = this.events;
    return [
      ...(this.nest?.topics().filter(({ topic }) => !calls.includes(topic)) ?? []),
      ...calls.map(topic => callsTopic(topic, topics.calls)),
      ...events.map(topic => eventTopic(topic, topics.events)),
      ...[...retryTopics.all().keys()].map(topic => retryTopics.spec(topic)),
      ...events.map(topic => eventTopic(names.dead(topic, service), { ...topics.events, partitions: 1 })),
    ];
  }

  /** Begins to take records once both the server listens and the application has started. */
  private async take(): Promise<void> {
    if (!this.listening || !this.booted || this.draining) return;
    await (this.taking ??= this.consume());
  }

  private async consume(): Promise<void> {
    const { names, service } = this.settings.link;
    const { callPatterns } = this.handlers;
    if (this.nest && this.patternsServed > 0) await this.addConsumption(this.nest.consumption());
    // A topic for each pattern is the one that the built-in's callers write to as well: it is read once.
    const served = names.served(service, callPatterns).filter(topic => !this.nest?.reads(topic));
    if (callPatterns.length > 0 && served.length > 0) {
      await this.addConsumption({
        group: names.callsGroup(service),
        topics: served,
        concurrency: this.settings.concurrency,
        tellRedelivered: true,
        work: (record, redelivered) => this.requestParts.work(record, redelivered),
      });
    }
    if (callPatterns.length > 0) this.link.takeRequests(record => this.inboxRequests.take(record));
    const { instance } = this.link;
    for (const options of eventConsumptions(this.settings, this.handlers, this.events, instance))
      await this.addConsumption(options);
  }

  private async addConsumption(
    options: Omit<ConsumptionOptions, 'onCommitError' | 'onReceived'>,
  ): Promise<void> {
    if (this.draining) return;
    const group = this.groups.add(options.group, options.topics);
    const consumption = new Consumption(this.link.driver, {
      ...options,
      onReceived: batch => tellReceived(group, batch),
      onCommitError: error =>
        this.logger.warn(`A commit of group ${options.group} failed and is tried again: ${error.message}`),
    });
    this.consumptions.push(consumption);
    await consumption.start();
    await consumption.firstAssigned(FIRST_ASSIGNED_MS);
  }

  private async stop(): Promise<void> {
    const time = this.link.drainTime;
    clearTimeout(this.bootWarning);
    // A group that is being joined is left in order, unless Kafka does not answer.
    const late = () => new Error('the groups were not joined in time');
    if (this.taking) await within(this.taking, time.leftMs, late).catch(() => undefined);
    this.events.stop();
    this.inboxRequests.drain();
    this.calls.withdrawOffers();
    this.calls.moveStreams();
    const taking = this.consumptions.map(consumption => consumption.drain(time.leftMs));
    const replayed = within(
      this.replays.stop(),
      time.leftMs,
      () => new Error('a replay did not end in time'),
    );
    await Promise.all([...taking, replayed.catch((error: Error) => this.logger.warn(error.message))]);
    this.requestParts.close();
    await Promise.all([this.calls.idle(time.leftMs), this.nest?.drain(time.leftMs)]);
    this.calls.drain();
    await this.hooks.settled(time.leftMs);
    this.stopFigures?.();
    this.link.takeRequests(undefined);
    if (this.link.isOpen) await this.link.sender.flush(time.stepMs);
  }
}
