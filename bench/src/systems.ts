import type { System } from './system.js';

export interface SystemEntry {
  load(): Promise<{ system: System }>;
  kafka: boolean;
  streams: boolean;
  events: boolean;
  /** Its events may have keys, and those of a key are handled in order. */
  keys?: boolean;
  /** Its streams heed their readers: they wait for one who is slow, and end with one who leaves. */
  flow?: boolean;
  /** Any number of its servers share the calls, and any number of processes call. */
  scales: boolean;
  /** Runs only when it is named. */
  optional?: boolean;
  /** The scenarios that tell it from the system it is a variant of. Default: all. */
  only?: readonly string[];
}

const TELEMETRY_SHOWS = ['unary', 'burst-events'];
const everything = { kafka: true, streams: true, events: true, scales: true };

/** Every system under test, in the order they run; each process loads only the one it runs. */
export const SYSTEMS: Readonly<Record<string, SystemEntry>> = {
  parley: { ...everything, keys: true, flow: true, load: () => import('./systems/parley.js') },
  'parley-platformatic': {
    ...everything,
    keys: true,
    flow: true,
    load: () => import('./systems/parley-platformatic.js'),
  },
  'telemetry-off': {
    ...everything,
    only: TELEMETRY_SHOWS,
    load: async () => ({ system: (await import('./systems/telemetry.js')).off }),
  },
  'telemetry-on': {
    ...everything,
    only: TELEMETRY_SHOWS,
    load: async () => ({ system: (await import('./systems/telemetry.js')).on }),
  },
  'nest-kafka': { ...everything, keys: true, load: () => import('./systems/nest-kafka.js') },
  'nest-kafka-tuned': {
    ...everything,
    keys: true,
    optional: true,
    load: async () => ({ system: (await import('./systems/nest-kafka.js')).tuned }),
  },
  'nest-http': {
    kafka: false,
    streams: false,
    events: false,
    scales: false,
    load: () => import('./systems/nest-http.js'),
  },
  'http-bridge': {
    kafka: true,
    streams: false,
    events: false,
    scales: false,
    load: () => import('./systems/http-bridge.js'),
  },
  'nest-grpc': {
    kafka: false,
    streams: true,
    events: false,
    scales: false,
    load: () => import('./systems/nest-grpc.js'),
  },
  'nest-tcp': {
    kafka: false,
    streams: true,
    events: true,
    scales: false,
    load: () => import('./systems/nest-tcp.js'),
  },
  'kafkajs-floor': { ...everything, scales: false, load: () => import('./systems/kafkajs-floor.js') },
};

export function systemNamed(name: string): SystemEntry {
  const entry = SYSTEMS[name];
  if (!entry) throw new RangeError(`There is no system "${name}", only ${Object.keys(SYSTEMS).join(', ')}.`);
  return entry;
}
