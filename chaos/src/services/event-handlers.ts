import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload, RpcException } from '@nestjs/microservices';
import { ParleyContext } from '@parley/transport';
import { clock } from '@parley/tools/processes';
import type { EventId } from '../journal/entry.js';
import type { Notebook } from '../journal/journal.js';
import { COUNTED } from '../load/emitter.js';

/** The second service that the events go to. */
export const LEDGER = 'ledger';

/** One of so many events fails at its first run, to be run again in its lane. */
const FAILS_EVERY = 50;

/** A controller that writes down each event that a service has handled. */
export function eventsController(service: string, notebook: Notebook): Type {
  @Controller()
  class EventsController {
    @EventPattern<string>(COUNTED)
    async counted(@Payload() { key, n }: EventId, @Ctx() { attempt }: ParleyContext): Promise<void> {
      if (attempt === 1 && n % FAILS_EVERY === FAILS_EVERY - 1)
        throw new RpcException('This run is to fail.');
      await sleep(n % 4);
      notebook.write({ is: 'handled', at: clock(), service, key, n });
    }
  }
  return EventsController;
}
