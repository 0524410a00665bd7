import type { LoggerService } from '@nestjs/common';
import type { Driver } from '../driver.js';
import type { KafkaOptions } from '../kafka-options.js';
import { createKafkajsDriver } from '../kafkajs/kafkajs-driver.js';
import { createPlatformaticDriver } from '../platformatic/platformatic-driver.js';

export type MakeDriver = (options: KafkaOptions, logger: LoggerService) => Driver;

/** Every driver passes every spec in this folder. A new one is added here. */
export const DRIVERS: [name: string, make: MakeDriver][] = [
  ['kafkajs', createKafkajsDriver],
  ['platformatic', createPlatformaticDriver],
];
