import type { Logger } from '@nestjs/common';
import type { Driver } from './driver.js';
import type { KafkaOptions } from './kafka-options.js';
import { createKafkajsDriver } from './kafkajs/kafkajs-driver.js';
import { createPlatformaticDriver } from './platformatic/platformatic-driver.js';

const DRIVERS = {
  kafkajs: createKafkajsDriver,
  /** Needs the package @platformatic/kafka, which is imported only when this driver connects. */
  platformatic: createPlatformaticDriver,
};

export type DriverName = keyof typeof DRIVERS;

/** Every name that the option `driver` takes. */
export const DRIVER_NAMES = ['kafkajs', 'platformatic'] as const satisfies readonly DriverName[];

/** The factory of a driver named in the options, or the one given. */
export function driverFactory(
  driver: DriverName | ((options: KafkaOptions, logger: Logger) => Driver),
): (options: KafkaOptions, logger: Logger) => Driver {
  return typeof driver === 'function' ? driver : DRIVERS[driver];
}
