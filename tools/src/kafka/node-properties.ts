/** Where one node listens and keeps its data. */
export interface NodeAddress {
  id: number;
  port: number;
  controllerPort: number;
  dataDir: string;
}

/** Broker settings by name. */
export type NodeProperties = Readonly<Record<string, string | number | boolean>>;

const HOST = '127.0.0.1';

/** The address clients use. */
export function bootstrapOf(nodes: readonly NodeAddress[]): string {
  return nodes.map(node => `${HOST}:${node.port}`).join(',');
}

/**
 * What `format` needs to know besides the properties. A single node makes a quorum of its own; several find
 * theirs in controller.quorum.voters.
 */
export function formatArguments(nodes: readonly NodeAddress[]): string[] {
  return nodes.length === 1 ? ['--standalone'] : [];
}

/**
 * A node's server.properties: broker and controller in one process, small internal topics, groups that start
 * without delay. With three nodes, everything is kept thrice, two copies make a write, and a node that died is
 * fenced after 6 s. `others` come on top of all that.
 */
export function nodeProperties(
  node: NodeAddress,
  nodes: readonly NodeAddress[],
  others: NodeProperties = {},
): string {
  const replication = Math.min(3, nodes.length);
  const minInSync = Math.max(1, replication - 1);
  const controllers = nodes.map(each => `${HOST}:${each.controllerPort}`);
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    listeners: `PLAINTEXT://${HOST}:${node.port},CONTROLLER://${HOST}:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${node.port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': node.dataDir,
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'default.replication.factor': replication,
    'min.insync.replicas': minInSync,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': replication,
    'share.coordinator.state.topic.min.isr': minInSync,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
  };
  if (nodes.length === 1) {
    properties['controller.quorum.bootstrap.servers'] = controllers.join(',');
  } else {
    properties['controller.quorum.voters'] = nodes
      .map((each, index) => `${each.id}@${controllers[index]}`)
      .join(',');
    properties['broker.session.timeout.ms'] = 6_000;
  }
  return Object.entries({ ...properties, ...others })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
