import { defineConfig } from 'vitest/config';

/** Specs and end-to-end tests run against the libs' sources, not against what was last built. */
const fromSources = {
  resolve: { conditions: ['@parley/source'] },
  ssr: { resolve: { conditions: ['@parley/source'] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSources,
        test: {
          name: 'unit',
          include: ['{libs,apps}/*/src/**/*.spec.ts', '{tools,bench}/src/**/*.spec.ts'],
          testTimeout: 15_000,
        },
      },
      {
        // What needs no injected fault of the suite that every driver passes: for real Kafka, named by KAFKA_BROKERS.
        ...fromSources,
        test: {
          name: 'drivers',
          include: ['libs/transport/src/drivers/conformance/*.spec.ts'],
          testTimeout: 15_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...fromSources,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.ts'],
          globalSetup: ['test/setup/kafka.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
