import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, type Type } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext } from '@parley/transport';
import type { Body } from '../body.js';
import { SERIES_ITEMS, SERIES_MS, type SeriesItem } from '../fleet/series.js';
import type { OnCall } from '../system.js';

/** Streams for fleets: one that ends with its server at the latest, and one that goes on with another. */
export function seriesController(onCall?: OnCall): Type {
  @Controller()
  class SeriesController {
    @MessagePattern('series')
    series(@Payload() asked: Body): AsyncGenerator<SeriesItem> {
      return this.from(asked, 0);
    }

    @MessagePattern('series-resumable')
    @Handling({ resumable: true })
    resumable(@Payload() asked: Body, @Ctx() { resumeFrom }: ParleyContext): AsyncGenerator<SeriesItem> {
      return this.from(asked, resumeFrom);
    }

    private async *from(asked: Body, first: number): AsyncGenerator<SeriesItem> {
      if (first === 0) onCall?.(asked); // One that goes on is no second run.
      for (let n = first; n < SERIES_ITEMS; n++) {
        yield { asked, n };
        await sleep(SERIES_MS);
      }
    }
  }
  return SeriesController;
}
