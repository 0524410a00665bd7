import { ErrorCode, KafkaError } from '../protocol/errors.js';

/** The config types that DescribeConfigs knows, by Kafka's numbers. */
export const ConfigType = { BOOLEAN: 1, STRING: 2, INT: 3, SHORT: 4, LONG: 5, DOUBLE: 6, LIST: 7 } as const;

interface ConfigDefinition {
  readonly default: string;
  readonly type: (typeof ConfigType)[keyof typeof ConfigType];
  /** True where a value is acceptable. */
  readonly accepts: (value: string) => boolean;
}

function whole(type: ConfigDefinition['type'], initial: string, least = -Infinity): ConfigDefinition {
  return {
    default: initial,
    type,
    accepts: value => /^-?\d+$/.test(value) && Number(value) >= least && Math.abs(Number(value)) < 2 ** 63,
  };
}

const long = (initial: string, least?: number) => whole(ConfigType.LONG, initial, least);
const int = (initial: string, least?: number) => whole(ConfigType.INT, initial, least);
const flag = (initial: string): ConfigDefinition => ({
  default: initial,
  type: ConfigType.BOOLEAN,
  accepts: value => value === 'true' || value === 'false',
});
const oneOf = (initial: string, ...values: string[]): ConfigDefinition => ({
  default: initial,
  type: ConfigType.STRING,
  accepts: value => values.includes(value),
});
const list = (initial: string, accepts: (value: string) => boolean): ConfigDefinition => ({
  default: initial,
  type: ConfigType.LIST,
  accepts,
});

const LONG_MAX = '9223372036854775807';

/** Every topic config that Kafka 4 takes, with its default. Few of them mean anything to a broker in memory. */
const DEFINITIONS: Readonly<Record<string, ConfigDefinition>> = {
  'cleanup.policy': list('delete', value =>
    value.split(',').every(one => ['delete', 'compact'].includes(one.trim())),
  ),
  'compression.gzip.level': int('-1'),
  'compression.lz4.level': int('9', 1),
  'compression.type': oneOf('producer', 'uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
  'compression.zstd.level': int('3'),
  'delete.retention.ms': long('86400000', 0),
  'file.delete.delay.ms': long('60000', 0),
  'flush.messages': long(LONG_MAX, 1),
  'flush.ms': long(LONG_MAX, 0),
  'follower.replication.throttled.replicas': list('', () => true),
  'index.interval.bytes': int('4096', 0),
  'leader.replication.throttled.replicas': list('', () => true),
  'local.retention.bytes': long('-2', -2),
  'local.retention.ms': long('-2', -2),
  'max.compaction.lag.ms': long(LONG_MAX, 1),
  'max.message.bytes': int('1048588', 0),
  'message.timestamp.after.max.ms': long('3600000', 0),
  'message.timestamp.before.max.ms': long(LONG_MAX, 0),
  'message.timestamp.type': oneOf('CreateTime', 'CreateTime', 'LogAppendTime'),
  'min.cleanable.dirty.ratio': {
    default: '0.5',
    type: ConfigType.DOUBLE,
    accepts: value => value.trim() !== '' && Number(value) >= 0 && Number(value) <= 1,
  },
  'min.compaction.lag.ms': long('0', 0),
  'min.insync.replicas': int('1', 1),
  preallocate: flag('false'),
  'remote.log.copy.disable': flag('false'),
  'remote.log.delete.on.disable': flag('false'),
  'remote.storage.enable': flag('false'),
  'retention.bytes': long('-1', -2),
  'retention.ms': long('604800000', -1),
  'segment.bytes': int('1073741824', 14),
  'segment.index.bytes': int('10485760', 4),
  'segment.jitter.ms': long('0', 0),
  'segment.ms': long('604800000', 1),
  'unclean.leader.election.enable': flag('false'),
};

/** One config as DescribeConfigs reports it. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
  readonly type: number;
  /** False where the topic has a value of its own. */
  readonly isDefault: boolean;
}

/** The configs of one topic: those set on it over Kafka's defaults. */
export class TopicConfigs {
  private readonly own: Map<string, string>;

  /** @throws KafkaError INVALID_CONFIG for a name or value that Kafka would not take */
  constructor(own: Iterable<readonly [name: string, value: string]> = []) {
    this.own = new Map(own);
    for (const [name, value] of this.own) check(name, value);
  }

  get(name: string): string {
    return this.own.get(name) ?? DEFINITIONS[name]?.default ?? '';
  }

  ownEntries(): [name: string, value: string][] {
    return [...this.own];
  }

  entries(): ConfigEntry[] {
    return Object.entries(DEFINITIONS).map(([name, { type }]) => ({
      name,
      value: this.get(name),
      type,
      isDefault: !this.own.has(name),
    }));
  }

  get maxMessageBytes(): number {
    return Number(this.get('max.message.bytes'));
  }

  get stampsRecords(): boolean {
    return this.get('message.timestamp.type') === 'LogAppendTime';
  }

  get compacts(): boolean {
    return this.get('cleanup.policy')
      .split(',')
      .some(policy => policy.trim() === 'compact');
  }

  get minInsyncReplicas(): number {
    return Number(this.get('min.insync.replicas'));
  }
}

function check(name: string, value: string): void {
  const definition = Object.hasOwn(DEFINITIONS, name) ? DEFINITIONS[name] : undefined;
  if (!definition) throw new KafkaError(ErrorCode.INVALID_CONFIG, `Unknown topic config name: ${name}`);
  if (!definition.accepts(value))
    throw new KafkaError(ErrorCode.INVALID_CONFIG, `Invalid value ${value} for configuration ${name}`);
}

/** A list config's items, as IncrementalAlterConfigs appends to and subtracts from. */
export function isListConfig(name: string): boolean {
  return Object.hasOwn(DEFINITIONS, name) && DEFINITIONS[name]?.type === ConfigType.LIST;
}
