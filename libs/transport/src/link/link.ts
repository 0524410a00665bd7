import { Logger } from '@nestjs/common';
import { DriverError, type Driver, type ReceivedRecord, type TopicSpec } from '../drivers/driver.js';
import { isRefusedCredential } from '../drivers/errors.js';
import { pause } from '../drivers/timing/deadline.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { EXECUTION_ID_BYTES, INSTANCE_ID_BYTES, randomId } from '../wire/id.js';
import { encodeFrame, type AcceptFrame, type Frame } from '../wire/frame.js';
import type { InstanceAddress } from '../wire/header.js';
import { AssemblyBudget } from './assembly-budget.js';
import { backoffMs } from './backoff.js';
import { BoundedLog } from './bounded-log.js';
import { CallSet } from './call-set.js';
import { Departures } from './departures.js';
import { DrainTime } from './drain-time.js';
import { unavailable } from './driver-status.js';
import { FrameRouter } from './frame-router.js';
import { Inbox } from './inbox.js';
import { MissingTopics } from './missing-topics.js';
import { Peers } from './peers.js';
import { Placements } from './placements.js';
import { ReceiveBudget } from './receive-budget.js';
import type { LinkHealth, LinkState } from './link-health.js';
import type { LinkOptions } from './link-options.js';
import { countDropped } from '../telemetry/dropped.js';
import { addLinkFigures } from '../telemetry/link-figures.js';
import { Refusals } from './refusals.js';
import { Sender } from './sender.js';
import { inboxTopic } from './topics.js';

/** While more than so many records wait to be sent, executions of ended calls are not refused: silence ends them too. */
const STRAYS_REFUSED = 1000;

/**
 * What one process holds open towards Kafka, shared by its server and all of its clients: driver, sender, inbox.
 * Opens on first use; once closed it opens anew when it is used again.
 */
export class Link {
  readonly instance = randomId(INSTANCE_ID_BYTES);
  readonly router = new FrameRouter({
    onPulse: pulse => this.peers.receive(pulse),
    onStray: frame => {
      if (frame.kind === 'accept') this.refuse(frame);
      this.unplaced?.delete(frame.callId);
    },
  });
  readonly peers: Peers;
  readonly budget = new ReceiveBudget();
  /** Records whose partition is looked up. */
  readonly placements = new Placements();
  /** Room for the items of replies that come in parts. */
  readonly assembling = new AssemblyBudget();
  readonly missing = new MissingTopics(spec => this.ensureTopics([spec]));
  /** Services that are called from here. */
  private readonly called = new Set<string>();
  private going = new Departures();
  private takeRequest: ((record: ReceivedRecord) => void) | undefined;
  private readonly logger = new Logger('Parley');
  private readonly refusals = new Refusals(message => {
    this.lastError = message;
    this.logger.error(message);
  });
  private readonly log = new BoundedLog(this.logger);
  private session: Session | undefined;
  /** While it is closed: the servers of calls that end with it are told. */
  private leaving: Session | undefined;
  /** Calls that end with it, and of which it is not known who runs them. */
  private unplaced: CallSet | undefined;
  private opening: Promise<Session> | undefined;
  private abandonOpening: AbortController | undefined;
  private closing: Promise<void> | undefined;
  private drain: DrainTime;
  private readonly listeners = new Set<(state: LinkState) => void>();
  private state: LinkState = 'idle';
  private lastError: string | undefined;
  /** What does not answer now. */
  private readonly stalls = new Set<string>();
  private stopFigures: (() => void) | undefined;

  constructor(readonly options: LinkOptions) {
    this.drain = new DrainTime(options.drainTimeoutMs);
    this.peers = new Peers({
      instance: this.instance,
      intervalMs: options.pulseIntervalMs,
      listening: () => this.session?.inbox.reading ?? false,
      post: (to, pulse) => this.tell(to, pulse),
    });
  }

  /**
   * Resolves once the cluster answers, the inbox topic is there and its start offset is fixed. Goes on trying until
   * then, whoever waits; rejects UNAVAILABLE after `timeoutMs`, and at once where trying again cannot help.
   */
  async open(timeoutMs: number): Promise<void> {
    if (this.session) return;
    const opening = this.opened();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const brokers = this.options.kafka.brokers.join(', ');
        const why = this.lastError === undefined ? '' : `: ${this.lastError}`;
        reject(
          new ParleyException(
            'UNAVAILABLE',
            `Kafka at ${brokers} did not answer within ${timeoutMs} ms${why}`,
          ),
        );
      }, timeoutMs);
    });
    try {
      await Promise.race([opening, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The sender; only after `open`. */
  get sender(): Sender {
    return this.current().sender;
  }

  get driver(): Driver {
    return this.current().driver;
  }

  /** Where this instance's frames go; only after `open`. */
  get address(): InstanceAddress {
    return this.current().inbox.address;
  }

  get isOpen(): boolean {
    return this.session !== undefined;
  }

  /** For a client: executions of calls that have ended may be refused at the service's inbox. */
  addCalled(service: string): void {
    this.called.add(service);
  }

  /** For the server: takes the requests that every instance of the service is sent, until undefined is given. */
  takeRequests(take: ((record: ReceivedRecord) => void) | undefined): void {
    this.takeRequest = take;
  }

  /** Sends a frame on its own. While the link is closed it is dropped: peers notice by the silence. */
  tell(to: InstanceAddress, frame: Frame): void {
    const sender = (this.session ?? this.leaving)?.sender;
    if (!sender) return;
    const encoded = encodeFrame(frame);
    sender.post(to, { take: () => [encoded] }, encoded.length);
  }

  newExecutionId(): string {
    return randomId(EXECUTION_ID_BYTES);
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    await this.driver.ensureTopics(topics, this.options.provision);
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  health(): LinkHealth {
    return {
      state: this.state,
      instance: this.instance,
      opened: this.session !== undefined,
      inboxReading: this.session?.inbox.reading ?? false,
      stalled: this.stalls.size > 0,
      pendingCalls: this.router.pendingCalls,
      runningCalls: this.router.runningCalls,
      queuedRecords: this.session?.sender.queued.parcels ?? 0,
      senderStuckForMs: this.session?.sender.stuckForMs ?? 0,
      loops: this.session ? [...this.session.inbox.loops(), ...this.session.sender.loops()] : [],
      ...(this.lastError !== undefined && { lastError: this.lastError }),
    };
  }

  /** What is on its way to the sender. */
  get departures(): Departures {
    return this.going;
  }

  /** How long the server and then the link may take to close. */
  get drainTime(): DrainTime {
    return this.drain;
  }

  /**
   * Sends what waits and lets handlers of this process have the answers that they wait for, within `drainTimeoutMs`; ends
   * other outgoing calls UNAVAILABLE, and closes every connection. Idempotent.
   */
  close(): Promise<void> {
    return (this.closing ??= this.drain
      .during(() => this.shut())
      .finally(() => {
        this.closing = undefined;
        this.drain = new DrainTime(this.options.drainTimeoutMs);
        this.going = new Departures();
      }));
  }

  private opened(): Promise<Session> {
    if (this.closing) return this.closing.then(() => this.opened());
    if (!this.opening) {
      this.abandonOpening = new AbortController();
      this.opening = this.startUntilOpen(this.abandonOpening.signal).catch((error: unknown) => {
        this.opening = undefined;
        throw error;
      });
      // Whoever waits has its own time-out: an attempt that nobody waits for any more may fail unseen.
      this.opening.catch(() => undefined);
    }
    return this.opening;
  }

  private async startUntilOpen(abandoned: AbortSignal): Promise<Session> {
    for (let attempt = 1; ; attempt += 1) {
      if (abandoned.aborted) throw ParleyException.of(CLOSED);
      try {
        return await this.start(abandoned);
      } catch (error) {
        if (abandoned.aborted) throw ParleyException.of(CLOSED);
        this.lastError = messageOf(error);
        this.setState('disconnected');
        if (isRefusedCredential(error) || (error instanceof DriverError && error.kind === 'permanent'))
          throw error;
        this.logger.warn(`Kafka cannot be used yet, trying again: ${this.lastError}`);
        await pause(backoffMs(attempt), abandoned);
      }
    }
  }

  private async start(abandoned: AbortSignal): Promise<Session> {
    this.setState('connecting');
    const { names, provision, topics, sender: senderOptions } = this.options;
    const driver = this.options.driver(
      { ...this.options.kafka, clientId: `${this.options.service}-${this.instance}` },
      this.logger,
    );
    this.watch(driver);
    // What it asks then fails at once: who closes does not wait for a broker that does not answer.
    const abandon = () => void driver.close({ drainMs: 0 }).catch(() => undefined);
    abandoned.addEventListener('abort', abandon);
    try {
      await driver.connect();
      const topic = names.inbox(this.options.service);
      await driver.ensureTopics([inboxTopic(topic, topics.inbox)], provision);
      const inbox = new Inbox(driver, topic, this.instance, {
        onFrames: frames => this.router.route(frames),
        onRequest: record => this.takeRequest?.(record),
        onGap: () => this.loseReplies(),
        onMoved: partition => {
          this.logger.warn(
            `The inbox moved to ${topic}-${partition}: the partition that it was on has no leader`,
          );
          return this.router.mark();
        },
        onMalformed: error => {
          countDropped(topic, 'INVALID_ARGUMENT');
          this.log.warn('inbox record', `Dropped an inbox record: ${error.message}`);
        },
      });
      await inbox.open();
      abandoned.throwIfAborted();
      const sender = new Sender(driver, senderOptions, (refused, error) => this.refusals.add(refused, error));
      this.session = { driver, inbox, sender };
      this.stopFigures = addLinkFigures(this, this.options.service);
    } catch (error) {
      await driver.close({ drainMs: 0 }).catch(() => undefined);
      throw error;
    } finally {
      abandoned.removeEventListener('abort', abandon);
    }
    this.setState('connected');
    return this.session;
  }

  private watch(driver: Driver): void {
    driver.on('connected', () => {
      this.stalls.clear();
      if (this.session) this.setState('connected');
    });
    driver.on('disconnected', ({ error }) => {
      this.lastError = error.message;
      if (this.session) this.setState('disconnected');
    });
    driver.on('stalled', ({ where, forMs }) => {
      this.stalls.add(where);
      this.logger.warn(`Kafka has not answered for ${forMs} ms (${where})`);
    });
    driver.on('resumed', ({ where }) => this.stalls.delete(where));
    driver.on('error', ({ error, where }) => this.log.error(where, `${where}: ${error.message}`));
  }

  /** Nobody waits for this execution. Told only to services that are called from here, whatever a frame names. */
  private refuse({ callId, execution, service, partition, instance }: AcceptFrame): void {
    if (!this.called.has(service)) return;
    const sender = (this.session ?? this.leaving)?.sender;
    if ((sender?.queued.parcels ?? 0) > STRAYS_REFUSED) return;
    const topic = this.options.names.inbox(service);
    this.tell({ topic, partition, instance }, { kind: 'cancel', callId, execution, reason: 'unknown' });
  }

  private loseReplies(): void {
    this.logger.error(
      'The inbox was overtaken by its topic’s retention: the calls that wait may have lost replies',
    );
    this.router.abandonOutgoing({
      code: 'DATA_LOSS',
      message: 'records of the inbox were deleted before this process read them: replies may be lost',
    });
  }

  private async shut(): Promise<void> {
    await this.going.close(this.drain.leftMs);
    if (this.session) await this.router.handlersAnswered(this.drain.leftMs);
    this.abandonOpening?.abort();
    const session = this.session ?? (await this.opening?.catch(() => undefined));
    this.session = undefined;
    this.opening = undefined;
    this.stopFigures?.();
    this.leaving = session;
    this.unplaced = new CallSet(this.router.abandonOutgoing(CLOSED));
    this.peers.close();
    if (session) {
      await this.unplaced.whenEmpty(Math.min(PLACED_WITHIN_MS, this.drain.leftMs));
      this.leaving = undefined;
      this.unplaced = undefined;
      await session.sender.close(this.drain.stepMs);
      await session.inbox.close();
      await session.driver.close({ drainMs: this.drain.stepMs });
    }
    if (this.state !== 'idle') this.setState('closed');
  }

  private current(): Session {
    if (!this.session) throw new Error('the link to Kafka is not open');
    return this.session;
  }

  private setState(state: LinkState): void {
    if (this.state === state) return;
    this.state = state;
    for (const listener of this.listeners) listener(state);
  }
}

/**
 * How long a closing link listens for the servers of calls that it ends: they tell of themselves after 100 ms, and would
 * else learn only by its silence that nobody waits. In ms.
 */
const PLACED_WITHIN_MS = 250;
const CLOSED = unavailable('this process closed its link to Kafka');

interface Session {
  driver: Driver;
  sender: Sender;
  inbox: Inbox;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
