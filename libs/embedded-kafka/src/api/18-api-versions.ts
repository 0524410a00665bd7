import { array, int16, int32, string } from '../protocol/schema.js';
import { defineApi } from './api.js';

/** One row of what a broker serves. */
export interface ServedApi {
  readonly key: number;
  readonly versions: readonly [min: number, max: number];
}

/**
 * ApiVersions: versions 0 to 3. A version this broker does not know is answered in version 0.
 * 1: throttle time. 3: flexible, the client's name and version.
 */
export const apiVersions = (served: () => readonly ServedApi[]) => {
  const apiKeys = () =>
    served().map(({ key, versions: [minVersion, maxVersion] }) => ({ apiKey: key, minVersion, maxVersion }));
  return defineApi({
    key: 18,
    name: 'ApiVersions',
    versions: [0, 3],
    flexibleSince: 3,
    request: {
      clientSoftwareName: string({ since: 3 }),
      clientSoftwareVersion: string({ since: 3 }),
    },
    response: {
      errorCode: int16({ default: 0 }),
      apiKeys: array({ apiKey: int16(), minVersion: int16(), maxVersion: int16() }),
      throttleTimeMs: int32({ since: 1, default: 0 }),
    },

    handle: () => ({ apiKeys: apiKeys() }),

    refuse: (_, errorCode) => ({ errorCode, apiKeys: apiKeys() }),
  });
};
