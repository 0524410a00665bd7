import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Module, type Type } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { map, type Observable, startWith, timer } from 'rxjs';
import { type Body, body } from '../body.js';
import type { EventCount } from '../event-count.js';
import { KEYED_MS, type OnCall, SLOW_MS } from '../system.js';

/** The patterns a message controller answers. */
export interface Patterns {
  unary: string;
  slow: string;
  stream: string;
  trickle: string;
  event: string;
  keyed: string;
}

export function patterns(prefix: string): Patterns {
  return {
    unary: `${prefix}unary`,
    slow: `${prefix}slow`,
    stream: `${prefix}stream`,
    trickle: `${prefix}trickle`,
    event: `${prefix}event`,
    keyed: `${prefix}keyed`,
  };
}

/** A stream's answer, in the form that is quickest in the transport. */
export type StreamOf = (items: number) => Observable<Body> | AsyncIterable<Body>;

/** A Nest application with one controller, which every message-based system serves, and a system's own. */
export function rpcModule(
  names: Patterns,
  events: EventCount,
  streamOf: StreamOf,
  onCall?: OnCall,
  others: Type[] = [],
): Type {
  @Controller()
  class RpcController {
    @MessagePattern(names.unary)
    unary(@Payload() data: Body): Body {
      onCall?.(data);
      return data;
    }

    @MessagePattern(names.slow)
    async slow(@Payload() data: Body): Promise<Body> {
      await sleep(SLOW_MS);
      return data;
    }

    @MessagePattern(names.stream)
    stream(@Payload() { items }: { items: number }) {
      return streamOf(items);
    }

    @MessagePattern(names.trickle)
    trickle(@Payload() { everyMs }: { everyMs: number }): Observable<Body> {
      return timer(Math.random() * everyMs, everyMs).pipe(startWith(0), map(body));
    }

    @EventPattern(names.event)
    event(@Payload() _data: object): void {
      events.add();
    }

    @EventPattern<string>(names.keyed)
    async keyed(@Payload() data: Body): Promise<void> {
      events.begin(data);
      await sleep(KEYED_MS);
      events.add();
    }
  }

  @Module({ controllers: [RpcController, ...others] })
  class RpcModule {}
  return RpcModule;
}
