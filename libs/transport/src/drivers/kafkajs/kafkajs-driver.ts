import type { LoggerService } from '@nestjs/common';
import { BrokerDriver } from '../broker-driver.js';
import type { Driver } from '../driver.js';
import type { KafkaOptions } from '../kafka-options.js';
import { brokerFactory, guardClusters } from './internals.js';
import { kafkajsConnections } from './kafkajs-connection.js';
import { createKafka } from './settings.js';

/** A driver on the connections of kafkajs 2.2.4. `unwrap` gives a Kafka of kafkajs, configured the same. */
export function createKafkajsDriver(options: KafkaOptions, logger: LoggerService): Driver {
  const kafka = createKafka(options, logger);
  guardClusters(kafka);
  const createBroker = brokerFactory(createKafka(options, logger, { ownTimeouts: true }));
  const makeConnection = kafkajsConnections(createBroker, options);
  return new BrokerDriver({ name: 'kafkajs', makeConnection, unwrapped: kafka }, options, logger);
}
