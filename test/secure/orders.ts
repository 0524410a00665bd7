import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, type ServiceDescription } from '@parley/transport';
import { interval, map, take, type Observable } from 'rxjs';

/** Before an event is run again on the topic of its delay, in ms. */
export const RETRY_MS = 100;

/** Runs of each event by its data, by the prefix that its service is on. */
export const runs = new Map<string, number>();

@Controller()
export class OrdersController {
  @MessagePattern('order.get')
  get(@Payload() id: number): { id: number } {
    return { id };
  }

  /** Outlives the first batch, so that it takes credit and pulses. */
  @MessagePattern('order.watch')
  watch(@Payload() count: number): Observable<number> {
    return interval(20).pipe(
      map(n => n + 1),
      take(count),
    );
  }

  @EventPattern<string>('order.created')
  @Handling({ retry: { attempts: 1, delaysMs: [RETRY_MS] } })
  created(@Payload() data: string): void {
    runs.set(data, (runs.get(data) ?? 0) + 1);
    if (data.startsWith('fail')) throw new TypeError('nothing can be done');
  }

  @EventPattern<string>('prices.changed')
  @Handling({ broadcast: true })
  changed(@Payload() data: string): void {
    runs.set(data, (runs.get(data) ?? 0) + 1);
  }
}

/** As `npx parley topology` is told of it. */
export function orders(prefix: string): ServiceDescription {
  return {
    service: 'orders',
    prefix,
    answers: ['order.get', 'order.watch'],
    calledBy: ['shop'],
    subscribes: [
      { event: 'order.created', delaysMs: [RETRY_MS] },
      { event: 'prices.changed', broadcast: true },
    ],
  };
}

export function shop(prefix: string): ServiceDescription {
  return { service: 'shop', prefix, calls: ['orders'], emits: ['order.created', 'prices.changed'] };
}
