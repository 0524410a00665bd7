import type { Logger } from '@nestjs/common';
import type { Driver } from './driver.js';
import type { KafkaOptions } from './kafka-options.js';
import { createKafkajsDriver } from './kafkajs/kafkajs-driver.js';

export type DriverName = 'kafkajs';

/** The factory of a driver named in the options, or the one given. */
export function driverFactory(
  driver: DriverName | ((options: KafkaOptions, logger: Logger) => Driver),
): (options: KafkaOptions, logger: Logger) => Driver {
  return typeof driver === 'function' ? driver : createKafkajsDriver;
}
