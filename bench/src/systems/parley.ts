import { NestFactory } from '@nestjs/core';
import { ParleyClient, type ParleyOptions, ParleyRecordBuilder, ParleyServer } from '@parley/transport';
import { lastValueFrom } from 'rxjs';
import { EventCount } from '../event-count.js';
import { keyOf, type Settings, type System } from '../system.js';
import { bodiesPulled } from './bodies.js';
import { proxyClient } from './proxy-client.js';
import { patterns, rpcModule } from './rpc-controller.js';
import { seriesController } from './series-controller.js';

const names = patterns('');

/** Parley with its defaults, but for the driver and for topics that are new with each run. */
export function parley(driver: ParleyOptions['driver']): System {
  const options = ({ brokers, run }: Settings) => ({ driver, kafka: { brokers }, prefix: `${run}.` });

  return {
    async server(settings, onCall) {
      const events = new EventCount();
      const series = seriesController(onCall);
      const app = await NestFactory.createMicroservice(
        rpcModule(names, events, bodiesPulled, onCall, [series]),
        {
          strategy: new ParleyServer({ service: 'bench', ...options(settings) }),
          logger: ['error', 'fatal'],
        },
      );
      await app.listen();
      return { handled: () => events.read(), close: () => app.close() };
    },

    async client(settings) {
      const client = new ParleyClient({ service: 'caller', to: 'bench', ...options(settings) });
      return {
        ...proxyClient(client, names),
        emitKeyed: body =>
          lastValueFrom(client.emit(names.keyed, new ParleyRecordBuilder(body).setKey(keyOf(body)).build())),
        pull: items => client.send(names.stream, { items }),
        series: (asked, resumable) => client.send(resumable ? 'series-resumable' : 'series', asked),
      };
    },
  };
}

/** Parley on the driver that is its default. */
export const system = parley(undefined);
