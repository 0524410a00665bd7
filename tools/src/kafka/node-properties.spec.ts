import { describe, expect, it } from 'vitest';
import { bootstrapOf, formatArguments, type NodeAddress, nodeProperties } from './node-properties.js';

const nodes: NodeAddress[] = [1, 2, 3].map(id => ({
  id,
  port: 9000 + id,
  controllerPort: 9100 + id,
  dataDir: `/data/node-${id}/data`,
}));
const first = nodes.slice(0, 1);

function parsed(text: string): Record<string, string> {
  return Object.fromEntries(text.split('\n').flatMap(line => (line ? [line.split(/=(.*)/s)] : [])));
}

describe('nodeProperties', () => {
  it('makes a single node a quorum of its own that keeps one copy', () => {
    const properties = parsed(nodeProperties(nodes[0]!, first));
    expect(properties).toMatchObject({
      'node.id': '1',
      listeners: 'PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9101',
      'advertised.listeners': 'PLAINTEXT://127.0.0.1:9001',
      'controller.quorum.bootstrap.servers': '127.0.0.1:9101',
      'log.dirs': '/data/node-1/data',
      'default.replication.factor': '1',
      'min.insync.replicas': '1',
      'auto.create.topics.enable': 'false',
    });
    expect(properties).not.toHaveProperty('controller.quorum.voters');
    expect(formatArguments(first)).toEqual(['--standalone']);
  });

  it('makes three nodes voters that keep three copies and fence a dead one after 6 s', () => {
    const properties = parsed(nodeProperties(nodes[1]!, nodes));
    expect(properties).toMatchObject({
      'node.id': '2',
      'controller.quorum.voters': '1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103',
      'default.replication.factor': '3',
      'min.insync.replicas': '2',
      'offsets.topic.replication.factor': '3',
      'transaction.state.log.min.isr': '2',
      'broker.session.timeout.ms': '6000',
    });
    expect(properties).not.toHaveProperty('controller.quorum.bootstrap.servers');
    expect(formatArguments(nodes)).toEqual([]);
  });

  it('takes other settings over its own', () => {
    const properties = parsed(nodeProperties(nodes[1]!, nodes, { 'broker.session.timeout.ms': 1_000 }));
    expect(properties).toMatchObject({ 'node.id': '2', 'broker.session.timeout.ms': '1000' });
  });
});

describe('bootstrapOf', () => {
  it('lists every node', () => {
    expect(bootstrapOf(nodes)).toBe('127.0.0.1:9001,127.0.0.1:9002,127.0.0.1:9003');
  });
});
