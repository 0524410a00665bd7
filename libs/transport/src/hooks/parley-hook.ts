import { DiscoveryService } from '@nestjs/core';
import type { ParleyContext } from '../server/parley-context.js';

/** What every hook of one call or event is given: the same object before and after. */
interface HookedMessage {
  readonly kind: 'call' | 'event';
  readonly pattern: string;
  readonly key: string | undefined;
  /** The request's or event's data. What comes before may put something else here. */
  data: unknown;
  /** The user's headers. What comes before may add some; names that begin with `parley` are the protocol's. */
  headers: Record<string, string>;
}

/** A call or event of a client. */
export interface OutgoingMessage extends HookedMessage {
  readonly side: 'client';
  /** The service that is called; of an event, the one whose client sends it. */
  readonly to: string;
}

/** One run of a handler. */
export interface IncomingMessage extends HookedMessage {
  readonly side: 'server';
  /** The handler's own; it has the headers that hooks have added. */
  readonly context: ParleyContext;
}

/** How it went well. */
export interface HookedReply {
  /** Items of the reply, 1 for a plain answer; those that its caller took, where it left before the end. */
  readonly items: number;
  /** The last of them: the answer of a call, or where an event is in the log (`RecordMetadata`). */
  readonly last: unknown;
  /** Why a handler was stopped before its end, such as `unsubscribed`. */
  readonly stopped?: string;
}

/**
 * What an application wants to do around its calls and events. Every method is optional; each is called once for a call,
 * whatever its shape: one answer, a stream, or an event. A client's are called once however often policies try it or
 * another server goes on with it, a server's once for each run of a handler.
 *
 * - Hooks run in the order of their registration, what comes after in reverse. For those whose turn before has come,
 *   one of `after…` and `onError` follows.
 * - A ParleyException, HttpException or RpcException that is thrown before is a veto: the call ends with its status, an
 *   event's run has failed. All else that is thrown is a fault of the hook, which is logged: the call goes on as if it
 *   were not there, with the data and headers that it was given. What must never be passed by belongs into a guard.
 * - What is thrown after is logged and changes nothing.
 * - Promises are awaited before, within the call's time: where it passes, the call ends DEADLINE_EXCEEDED. After, nobody
 *   waits for them but the next hook, and a server that is closed.
 */
export interface ParleyHook {
  beforeSend?(message: OutgoingMessage): void | Promise<void>;
  /** The reply is complete or its caller has left it; the event is acknowledged. */
  afterReply?(message: OutgoingMessage, reply: HookedReply): void | Promise<void>;
  beforeHandle?(message: IncomingMessage): void | Promise<void>;
  /** The handler is done, or its caller has left. */
  afterHandle?(message: IncomingMessage, reply: HookedReply): void | Promise<void>;
  /** In place of `afterReply` and `afterHandle`. A client's error is a ParleyException, a server's what was thrown. */
  onError?(message: OutgoingMessage | IncomingMessage, error: unknown): void | Promise<void>;
}

const discoverable = DiscoveryService.createDecorator();

/** By which ParleyModule finds hooks. */
export const HOOK_KEY = discoverable.KEY;

/** On a provider of any module: `@ParleyHook() export class Audit implements ParleyHook { … }` */
export function ParleyHook(): ClassDecorator {
  return discoverable();
}
