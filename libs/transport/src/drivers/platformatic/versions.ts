import type { apiVersionsV3 } from '@platformatic/kafka';
import { DriverError } from '../driver.js';
import { APIS as BODIES } from '../protocol/api.js';
import type { Api } from '../protocol/api.js';

/**
 * What this driver speaks: produce and fetch by request bodies of its own, all else by the client's functions, in
 * the oldest version that the client has. Every broker since Kafka 3.0 has them all, and 4.x still does.
 */
const SPOKEN: readonly Api[] = [
  BODIES.produce,
  BODIES.fetch,
  { name: 'ListOffsets', key: 2, version: 5 },
  { name: 'Metadata', key: 3, version: 9 },
  { name: 'OffsetCommit', key: 8, version: 8 },
  { name: 'OffsetFetch', key: 9, version: 8 },
  { name: 'FindCoordinator', key: 10, version: 4 },
  { name: 'JoinGroup', key: 11, version: 6 },
  { name: 'Heartbeat', key: 12, version: 4 },
  { name: 'LeaveGroup', key: 13, version: 4 },
  { name: 'SyncGroup', key: 14, version: 4 },
  { name: 'CreateTopics', key: 19, version: 7 },
  { name: 'CreatePartitions', key: 37, version: 3 },
];

/** Raises a permanent DriverError that names the first API which a broker does not speak as it is needed. */
export function checkVersions({ apiKeys }: apiVersionsV3.ApiVersionsResponse, broker: string): void {
  for (const { name, key, version } of SPOKEN) {
    const range = apiKeys.find(({ apiKey }) => apiKey === key);
    if (range && range.minVersion <= version && version <= range.maxVersion) continue;
    const speaks = range ? `versions ${range.minVersion} to ${range.maxVersion}` : 'no version';
    throw new DriverError(
      'permanent',
      `${broker} speaks ${speaks} of ${name}, version ${version} is needed: use Kafka 3.0 or newer`,
      'UNSUPPORTED_VERSION',
    );
  }
}
