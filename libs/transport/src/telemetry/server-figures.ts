import type { Consumption } from '../consume/consumption.js';
import type { Calls } from '../server/calls.js';
import { ATTRIBUTES } from './attributes.js';
import { addFigures } from './figures.js';

export interface ServerState {
  service: string;
  /** Whose id is in the name of its own group, and would make each restart's figures new ones. */
  instance: string;
  calls: Pick<Calls, 'expired' | 'creditStalls'>;
  consumptions: readonly Pick<Consumption, 'group' | 'load' | 'rebalances' | 'lags'>[];
}

/** The name of a group, low in cardinality. */
export function groupName(group: string, instance: string): string {
  return group.replace(instance, '*');
}

/** Tells of a server until the returned function is called. */
export function addServerFigures({ service, instance, calls, consumptions }: ServerState): () => void {
  const attributes = { [ATTRIBUTES.service]: service };
  return addFigures(tell => {
    tell('parley.server.expired_calls', calls.expired, attributes);
    tell('parley.server.credit_stalls', calls.creditStalls, attributes);
    for (const { group, load, rebalances, lags } of consumptions) {
      const ofGroup = { [ATTRIBUTES.group]: groupName(group, instance) };
      tell('parley.server.records_in_hand', load, ofGroup);
      tell('parley.consumer.rebalances', rebalances, ofGroup);
      for (const { topic, partition, lag } of lags) {
        tell('parley.consumer.lag', lag, {
          ...ofGroup,
          [ATTRIBUTES.destination]: topic,
          [ATTRIBUTES.partition]: String(partition),
        });
      }
    }
  });
}
