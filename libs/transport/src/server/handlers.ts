import type { MessageHandler } from '@nestjs/microservices';
import { CallTurns } from './calls/call-turns.js';
import { eventPolicy, type EventPolicy } from './events/event-policy.js';
import { Turnstile } from './turnstile.js';
import { handlerName, handlingOf, type Handling } from './handling.js';

export interface CallHandler {
  handler: MessageHandler;
  handling: Handling;
  /** Absent: as many calls run side by side as there are slots. */
  turns?: CallTurns | undefined;
}

export interface EventHandler {
  handler: MessageHandler;
  policy: EventPolicy;
  /** Every instance's, not one of them's. */
  broadcast: boolean;
  /** Absent: as many run side by side as there are slots. */
  turnstile: Turnstile | undefined;
  /** Its name among the event's handlers: `Class.method` where it has `@Handling`, else its place among them. */
  name: string;
}

/** A server's handlers by pattern. Calls have one each; events any number, each of which runs and fails alone. */
export class Handlers {
  private readonly calls = new Map<string, CallHandler>();
  private readonly events = new Map<string, EventHandler[]>();
  /** Those of all calls' handlers that run only so many at a time. */
  readonly callTurns: CallTurns[] = [];

  addCall(pattern: string, handler: MessageHandler): void {
    if (this.calls.has(pattern)) {
      throw new Error(
        `Two handlers for the message pattern ${JSON.stringify(pattern)}: a call has one answer, so give them different patterns`,
      );
    }
    const handling = handlingOf(pattern, handler.extras);
    const turns = handling.concurrency === undefined ? undefined : new CallTurns(handling.concurrency);
    if (turns) this.callTurns.push(turns);
    this.calls.set(pattern, { handler, handling, turns });
  }

  addEvent(pattern: string, handler: MessageHandler): void {
    const handlers = this.events.get(pattern) ?? [];
    const name = handlerName(handler.extras) ?? String(handlers.length);
    const handling = handlingOf(pattern, handler.extras);
    const { broadcast = false, concurrency } = handling;
    const turnstile = concurrency === undefined ? undefined : new Turnstile(concurrency);
    handlers.push({ handler, name, policy: eventPolicy(handling), broadcast, turnstile });
    this.events.set(pattern, handlers);
  }

  call(pattern: string): CallHandler | undefined {
    return this.calls.get(pattern);
  }

  event(pattern: string): readonly EventHandler[] {
    return this.events.get(pattern) ?? [];
  }

  /** The patterns that some handler of every instance listens to, or some of one of them. */
  eventPatternsOf({ broadcast }: { broadcast: boolean }): string[] {
    return this.eventPatterns.filter(pattern =>
      this.event(pattern).some(handler => handler.broadcast === broadcast),
    );
  }

  get callPatterns(): string[] {
    return [...this.calls.keys()];
  }

  get eventPatterns(): string[] {
    return [...this.events.keys()];
  }
}
