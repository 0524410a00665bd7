import type { Logger } from '@nestjs/common';
import type { Driver, ProvisionMode } from '../drivers/driver.js';
import type { KafkaOptions } from '../drivers/kafka-options.js';
import type { Codec } from '../wire/codec.js';
import type { HeaderLimits } from '../wire/header-limits.js';
import type { Routing } from '../routing/routing.js';
import type { SenderOptions } from './sender-options.js';
import type { TopicShapes } from './topics.js';

/** Makes a driver; nothing is connected yet. */
export type DriverFactory = (options: KafkaOptions, logger: Logger) => Driver;

/** Everything a link needs, every default filled in. */
export interface LinkOptions {
  service: string;
  kafka: Omit<KafkaOptions, 'clientId'>;
  driver: DriverFactory;
  codec: Codec;
  names: Routing;
  provision: ProvisionMode;
  topics: TopicShapes;
  sender: Partial<SenderOptions>;
  /** What an item of a reply, or a request's data, may weigh, in bytes. */
  maxItemBytes: number;
  /** What the headers of a record may be. */
  headerLimits: HeaderLimits;
  drainTimeoutMs: number;
  /** How often peers that share calls tell each other that they live, in ms. */
  pulseIntervalMs: number;
}
