import { DriverError } from '../driver.js';
import { messageOf } from '../errors.js';

/** The package as a whole: its connections, its API functions, its codecs. */
export type PlatformaticKafka = typeof import('@platformatic/kafka');

const PACKAGE = '@platformatic/kafka';

/**
 * Imports @platformatic/kafka, an optional peer dependency: nothing of it is loaded before a driver that needs it
 * connects. Rejects with a permanent DriverError that tells how to install it where it is missing.
 */
export async function loadClient(
  importPackage: () => Promise<PlatformaticKafka> = () => import('@platformatic/kafka'),
): Promise<PlatformaticKafka> {
  try {
    return await importPackage();
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';
    const advice = isMissing
      ? `which is not installed: run npm install ${PACKAGE}@^1.35.0, or set driver to 'kafkajs'`
      : `which could not be loaded: ${messageOf(cause)}`;
    throw new DriverError('permanent', `The driver 'platformatic' needs ${PACKAGE}, ${advice}`, undefined, {
      cause,
    });
  }
}
