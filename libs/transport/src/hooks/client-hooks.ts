import type { ReadPacket } from '@nestjs/microservices';
import { Observable } from 'rxjs';
import { ParleyRecord, type CallOptions } from '../client/call-options.js';
import type { ReplyTaker } from '../client/outgoing-call-options.js';
import type { RunningCall } from '../client/running-call.js';
import { timeoutOf } from '../client/timeout.js';
import type { RecordMetadata } from '../link/send-record.js';
import type { ClientSettings } from '../options/settings.js';
import { HookedCall } from './hooked-call.js';
import { HookRun } from './hook-run.js';
import { CLIENT_SIDE } from './hook-side.js';
import type { Hooks } from './hooks.js';
import type { OutgoingMessage } from './parley-hook.js';

type Packet = ReadPacket<unknown>;

/** The hooks around what one client sends. What they made of a packet goes on as a packet of its own. */
export class ClientHooks {
  constructor(
    private readonly hooks: Hooks,
    private readonly settings: ClientSettings,
    private readonly patternOf: (packet: Packet) => string,
  ) {}

  get any(): boolean {
    return this.hooks.client !== undefined;
  }

  call<T>(
    packet: Packet,
    taker: ReplyTaker<T>,
    begin: (hooked: Packet, taker: ReplyTaker<T>) => RunningCall,
    withinMs = timeoutOf(optionsOf(packet), this.settings),
  ): RunningCall {
    return new HookedCall<T>(
      {
        hooks: this.hooks,
        run: this.run('call', packet, withinMs),
        signal: optionsOf(packet).signal,
        begin: (message, spentMs, to) => begin(hookedPacket(packet, message, withinMs - spentMs), to),
      },
      taker,
    ).start();
  }

  /** Of all answers together. `windowMs` as in `CollectOptions`. */
  collect<T>(
    packet: () => Packet,
    windowMs: number | undefined,
    begin: (hooked: Packet) => Observable<T>,
  ): Observable<T> {
    return new Observable<T>(subscriber => {
      const call = this.call<T>(
        packet(),
        subscriber,
        (hooked, taker) => {
          const subscription = begin(hooked).subscribe({
            next: answer => taker.next(answer, 0),
            error: error => taker.error(error),
            complete: () => taker.complete(),
          });
          return { take: () => undefined, unsubscribe: () => subscription.unsubscribe() };
        },
        windowMs,
      );
      return () => call.unsubscribe();
    });
  }

  async emit(packet: Packet, emit: (hooked: Packet) => Promise<RecordMetadata>): Promise<RecordMetadata> {
    const withinMs = optionsOf(packet).timeoutMs ?? this.settings.emitTimeoutMs;
    const begun = performance.now();
    const run = this.run('event', packet, withinMs);
    try {
      await run.before();
      const place = await emit(hookedPacket(packet, run.message, withinMs - (performance.now() - begun)));
      this.hooks.follow(run.after({ items: 0, last: place }));
      return place;
    } catch (error) {
      this.hooks.follow(run.failed(error));
      throw error;
    }
  }

  private run(kind: OutgoingMessage['kind'], packet: Packet, withinMs: number): HookRun<OutgoingMessage> {
    const { key, headers } = optionsOf(packet);
    const message: OutgoingMessage = {
      side: 'client',
      kind,
      to: this.settings.to,
      pattern: this.patternOf(packet),
      key: key?.toString(),
      data: packet.data instanceof ParleyRecord ? packet.data.data : packet.data,
      headers: { ...headers },
    };
    return new HookRun(CLIENT_SIDE, this.hooks.client ?? [], message, withinMs);
  }
}

function optionsOf({ data }: Packet): CallOptions {
  return data instanceof ParleyRecord ? data.options : {};
}

function hookedPacket(packet: Packet, { data, headers }: OutgoingMessage, leftMs: number): Packet {
  const timeoutMs = Math.max(1, Math.ceil(leftMs));
  return { ...packet, data: new ParleyRecord(data, { ...optionsOf(packet), headers, timeoutMs }) };
}
