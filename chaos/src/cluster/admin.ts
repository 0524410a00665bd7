import { type Admin, Kafka, logLevel } from 'kafkajs';

/** An admin client that gives up soon: what it asks is asked again. */
export function adminOf(brokers: readonly string[]): Admin {
  return new Kafka({
    brokers: [...brokers],
    clientId: 'chaos',
    logLevel: logLevel.NOTHING,
    requestTimeout: 2_000,
    connectionTimeout: 1_000,
    retry: { retries: 2, initialRetryTime: 50 },
  }).admin();
}

/** Resolves with what came of it, and leaves no connection. */
export async function withAdmin<T>(
  brokers: readonly string[],
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = adminOf(brokers);
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
