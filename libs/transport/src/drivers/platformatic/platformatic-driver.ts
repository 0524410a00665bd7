import type { LoggerService } from '@nestjs/common';
import type { ConnectionOptions } from '@platformatic/kafka';
import { BrokerDriver } from '../broker-driver.js';
import type { Driver } from '../driver.js';
import type { KafkaOptions } from '../kafka-options.js';
import { loadClient } from './client.js';
import type { PlatformaticKafka } from './client.js';
import { platformaticConnections } from './platformatic-connection.js';
import { connectionOptions } from './settings.js';

/** What `unwrap` gives: @platformatic/kafka has no client object, its clients are each made from such options. */
export interface PlatformaticClients {
  load: () => Promise<PlatformaticKafka>;
  /** For `new Admin(options)`, `new Producer(options)` and `new Consumer(options)`. */
  options: ConnectionOptions & { clientId: string; bootstrapBrokers: string[] };
}

/** A driver on the connections of @platformatic/kafka 1.35, which is imported before the first one is opened. */
export function createPlatformaticDriver(options: KafkaOptions, logger: LoggerService): Driver {
  const load = loadedOnce();
  const makeConnection = platformaticConnections(load, options);
  const { clientId, brokers } = options;
  const unwrapped: PlatformaticClients = {
    load,
    options: { ...connectionOptions(options, ''), clientId, bootstrapBrokers: [...brokers] },
  };
  return new BrokerDriver({ name: 'platformatic', load, makeConnection, unwrapped }, options, logger);
}

function loadedOnce(): () => Promise<PlatformaticKafka> {
  let loading: Promise<PlatformaticKafka> | undefined;
  return () => {
    loading ??= loadClient().catch((error: unknown) => {
      loading = undefined; // it may be installed by the next try
      throw error;
    });
    return loading;
  };
}
