import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { kafkaDistribution } from './distribution.js';
import { KafkaNode } from './kafka-node.js';
import { bootstrapOf, type NodeAddress, type NodeProperties } from './node-properties.js';
import { untilReady } from './readiness.js';

export interface KafkaOptions {
  /** 1 (default) or 3. */
  brokers?: 1 | 3;
  /** The first broker's port; the others follow it. Default: free ports. */
  port?: number;
  /** Broker settings beside, or instead of, those that a node has here by default; for all nodes, or for each. */
  properties?: NodeProperties | ((node: NodeAddress) => NodeProperties);
  /** Told what takes time, such as a first download. Default: silent. */
  log?: (line: string) => void;
  /** Gives up a start that is under way, and removes what it made. */
  signal?: AbortSignal;
}

/** A real Apache Kafka that ends with this process. Nodes have the ids 1 to `brokers`. */
export interface RunningKafka {
  /** Comma-separated, as KAFKA_BROKERS takes it. */
  readonly bootstrap: string;
  /** Ends a node as a crash would; resolves once it is gone. Its data stays for `restart`. */
  kill(nodeId: number): Promise<void>;
  /** Starts a killed node again, on its old port and data; resolves once all running nodes see each other. */
  restart(nodeId: number): Promise<void>;
  /** Ends all nodes and removes their data. */
  close(): Promise<void>;
}

/**
 * Starts Apache Kafka and resolves once every broker answers. Throws a MissingToolError where Java (or, at the
 * first run on a machine, Maven) is missing.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const { brokers = 1, properties = {}, log = () => {}, signal } = options;
  const distribution = await kafkaDistribution(log, signal);
  const folder = await mkdtemp(join(tmpdir(), 'parley-kafka-'));
  const addresses = await nodeAddresses(brokers, options.port, folder);
  const clusterId = randomClusterId();
  const nodes = addresses.map(
    address =>
      new KafkaNode(
        address,
        addresses,
        clusterId,
        distribution,
        typeof properties === 'function' ? properties(address) : properties,
      ),
  );

  const close = async (): Promise<void> => {
    await Promise.all(nodes.map(node => node.close()));
    await rm(folder, { recursive: true, force: true });
  };
  const nodeOf = (id: number): KafkaNode => {
    const node = nodes[id - 1];
    if (!node) throw new RangeError(`No Kafka node has the id ${id}: ids go from 1 to ${nodes.length}.`);
    return node;
  };

  try {
    await Promise.all(nodes.map(node => node.start()));
    await untilReady(nodes, signal);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    bootstrap: bootstrapOf(addresses),
    kill: async id => nodeOf(id).kill(),
    restart: async id => {
      await nodeOf(id).start();
      await untilReady(nodes.filter(node => node.running));
    },
    close,
  };
}

async function nodeAddresses(
  count: number,
  first: number | undefined,
  folder: string,
): Promise<NodeAddress[]> {
  const addresses: NodeAddress[] = [];
  for (let id = 1; id <= count; id++) {
    const home = join(folder, `node-${id}`);
    await mkdir(home);
    addresses.push({
      id,
      port: first === undefined ? await getPort() : first + id - 1,
      controllerPort: await getPort(),
      dataDir: join(home, 'data'),
    });
  }
  return addresses;
}

/** Kafka's own form of an id. One that begins with "-" its tools would take for an option. */
function randomClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? randomClusterId() : id;
}
