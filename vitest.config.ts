import { defineConfig } from 'vitest/config';

/** Specs and end-to-end tests run against the libs' sources, not against what was last built. */
const fromSources = {
  resolve: { conditions: ['@parley/source'] },
  ssr: { resolve: { conditions: ['@parley/source'] } },
};

/**
 * Files share one process and what it has imported. Loading Nest anew for each took longer than most of them run, and
 * an application that cannot live beside another, or leaves something behind, is a bug that this way comes up.
 */
const inOneProcess = { isolate: false };

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSources,
        test: {
          ...inOneProcess,
          name: 'unit',
          include: ['{libs,apps}/*/src/**/*.spec.ts', '{tools,bench,chaos}/src/**/*.spec.ts'],
          testTimeout: 15_000,
        },
      },
      {
        // What needs no injected fault of the suite that every driver passes: for real Kafka, named by KAFKA_BROKERS.
        ...fromSources,
        test: {
          ...inOneProcess,
          name: 'drivers',
          include: ['libs/transport/src/drivers/conformance/*.spec.ts'],
          testTimeout: 15_000,
          hookTimeout: 60_000,
        },
      },
      {
        // On a real Kafka of its own, with TLS, SASL and access rules.
        ...fromSources,
        test: {
          ...inOneProcess,
          name: 'secure',
          include: ['test/secure/*.e2e.ts'],
          globalSetup: ['test/secure/setup/kafka.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...fromSources,
        test: {
          ...inOneProcess,
          name: 'e2e',
          include: ['test/**/*.e2e.ts'],
          exclude: ['test/secure/**'],
          globalSetup: ['test/setup/kafka.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
