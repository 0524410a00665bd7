import { Logger } from '@nestjs/common';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { from, NEVER, type Observable, throwError } from 'rxjs';
import { ParleyException } from '../exceptions/parley-exception.js';
import { ClientHooks } from '../hooks/client-hooks.js';
import { Hooks } from '../hooks/hooks.js';
import { NestClient } from '../interop/nest-client.js';
import { nestMessageOf } from '../interop/nest-message.js';
import type { LinkState } from '../link/link-health.js';
import { Link } from '../link/link.js';
import type { RecordMetadata } from '../link/send-record.js';
import type { ParleyClientOptions } from '../options/parley-options.js';
import { resolveClientOptions } from '../options/resolve-options.js';
import type { ClientSettings } from '../options/settings.js';
import { keepContext } from '../server/execution-scope.js';
import { Attendance } from './attendance.js';
import { Caller } from './caller.js';
import { checkCollectOptions, type CollectOptions } from './collect/collect-options.js';
import type { Answer } from './collect/collection.js';
import { Collector } from './collect/collector.js';
import { Emitter } from './emitter.js';
import { GuardedCaller } from './guarded-caller.js';
import { messageOf, withoutUpload, type Message } from './message.js';
import type { ReplyTaker } from './outgoing-call-options.js';
import { Policies, type PolicyEvent, type PolicyReport } from './policies/policies.js';
import { Replies } from './replies.js';
import type { RunningCall } from './running-call.js';
import { timeoutOf } from './timeout.js';

/**
 * Calls one service and emits events. Connects when it is first used.
 *
 * `send` gives a cold Observable, which is an AsyncIterable too: each subscription is a call of its own, which ends
 * with the reply's last value, or with a ParleyException; unsubscribing ends the call on both sides. `emit` sends at
 * once; its Observable gives the record's place in the log when every in-sync replica has it.
 */
export class ParleyClient extends ClientProxy {
  private readonly logger = new Logger('Parley');
  private readonly settings: ClientSettings;
  private readonly link: Link;
  private readonly policies: Policies | undefined;
  private readonly caller: GuardedCaller;
  private readonly collector: Collector;
  private readonly emitter: Pick<Emitter, 'emit'>;
  /** For a service whose servers use Nest's built-in Kafka transport. */
  private readonly nest: NestClient | undefined;
  private readonly hooks: ClientHooks;
  private readonly ownsLink: boolean;

  /** Of its own link and hooks by default; ParleyModule gives it the application's. */
  constructor(options: ParleyClientOptions, link?: Link, hooks?: Hooks) {
    super();
    keepContext();
    const settings = resolveClientOptions(options);
    const { to, nestKafka, policies, waitForReady } = settings;
    this.settings = settings;
    this.ownsLink = link === undefined;
    this.link = link ?? new Link(settings.link);
    this.nest = nestKafka && new NestClient(this.link, settings, nestKafka);
    this.policies = policies && new Policies(to, policies);
    this.caller = new GuardedCaller(this.nest ?? new Caller(this.link, settings), {
      policies: this.policies,
      attendance: this.nest ?? new Attendance(this.link, to, settings.link.names.callsGroup(to)),
      waitForReady,
      timeoutOf: message => timeoutOf(message.options, settings),
    });
    this.emitter = this.nest ?? new Emitter(this.link, settings);
    this.collector = new Collector(this.link, settings);
    const patternOf = (packet: ReadPacket<unknown>) => this.patternOf(packet);
    this.hooks = new ClientHooks(hooks ?? new Hooks(settings.hooks), settings, patternOf);
    this.link.onState(state => this._status$.next(state));
  }

  override get status(): Observable<LinkState> {
    return super.status as Observable<LinkState>;
  }

  async connect(): Promise<void> {
    await this.link.open(this.settings.timeoutMs);
  }

  /** Closes the link where it is this client's own. May be called twice; a later use connects anew. */
  async close(): Promise<void> {
    if (this.ownsLink) await this.link.close();
  }

  override on(): never {
    throw new Error(
      'ParleyClient has no events of its own: subscribe to `status`, or use `unwrap()` for the Kafka client',
    );
  }

  /** What retries and circuit breakers do, as it happens. Silent, and never ending, for a client without policies. */
  get policyEvents(): Observable<PolicyEvent> {
    return this.policies?.events ?? NEVER;
  }

  /** What retries and circuit breakers did since the client was made; undefined for a client without policies. */
  policyReport(): PolicyReport | undefined {
    return this.policies?.report();
  }

  /** The Kafka client, once connected. */
  unwrap<T>(): T {
    return this.link.driver.unwrap<T>();
  }

  override send<TResult = unknown, TInput = unknown>(pattern: unknown, data?: TInput): Replies<TResult> {
    return new Replies<TResult>((taker, pulled) =>
      this.begin(this.createPacket(pattern, data), taker, pulled),
    );
  }

  /**
   * Asks every instance of the service, and gives each one's answer as it comes: `{ instance, value }`, or
   * `{ instance, error }`. Cold. Completes with `expect` answers, or when `windowMs` have passed, with what came;
   * unsubscribing ends the work on all instances. Policies and `waitForReady` do not apply.
   */
  collect<TResult = unknown, TInput = unknown>(
    pattern: unknown,
    data?: TInput,
    options: CollectOptions = {},
  ): Observable<Answer<TResult>> {
    checkCollectOptions(options);
    if (this.nest) return throwError(() => notCollectable(this.settings.to));
    const packet = () => this.createPacket(pattern, data);
    const question = (asked: ReadPacket<unknown>) => withoutUpload(this.read(asked), 'a question to many');
    if (!this.hooks.any) return this.collector.collect<TResult>(() => question(packet()), options);
    return this.hooks.collect<Answer<TResult>>(packet, options.windowMs, hooked =>
      this.collector.collect<TResult>(() => question(hooked), options),
    );
  }

  override emit<TResult = RecordMetadata, TInput = unknown>(
    pattern: unknown,
    data?: TInput,
  ): Observable<TResult> {
    const sent = this.emitNow<TResult>(pattern, data);
    sent.catch((error: Error) => this.logger.warn(`An event was not sent: ${error.message}`));
    return from(sent);
  }

  private async emitNow<T>(pattern: unknown, data: unknown): Promise<T> {
    return this.dispatchEvent<T>(this.createPacket(pattern, data));
  }

  protected override publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const call = this.begin(packet, {
      next: response => callback({ response }),
      error: err => callback({ err }),
      complete: () => callback({ isDisposed: true }),
    });
    return () => call.unsubscribe();
  }

  protected override async dispatchEvent<T = RecordMetadata>(packet: ReadPacket): Promise<T> {
    const emit = (hooked: ReadPacket) => this.emitter.emit(withoutUpload(this.read(hooked), 'an event'));
    return (await (this.hooks.any ? this.hooks.emit(packet, emit) : emit(packet))) as T;
  }

  private begin<T>(packet: ReadPacket<unknown>, taker: ReplyTaker<T>, pulled = false): RunningCall {
    if (!this.hooks.any) return this.caller.call(this.read(packet), taker, pulled);
    return this.hooks.call(packet, taker, (hooked, to) => this.caller.call(this.read(hooked), to, pulled));
  }

  private read(packet: ReadPacket<unknown>): Message {
    const pattern = this.patternOf(packet);
    if (this.nest) return withoutUpload(nestMessageOf(packet, pattern), "Nest's built-in transport");
    return messageOf(packet, pattern, this.settings.link.codec);
  }

  private patternOf(packet: ReadPacket<unknown>): string {
    return this.normalizePattern(packet.pattern as Parameters<ParleyClient['normalizePattern']>[0]);
  }
}

function notCollectable(service: string): ParleyException {
  return new ParleyException(
    'UNIMPLEMENTED',
    `${service} is called as Nest's built-in transport does, which cannot ask every instance`,
  );
}
