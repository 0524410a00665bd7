import type { Consumption } from '../consume/consumption.js';
import type { Calls } from '../server/calls/calls.js';
import { ATTRIBUTES } from './attributes.js';
import type { ConsumerGroups } from './consumer-groups.js';
import { addFigures } from './figures.js';

export interface ServerState {
  service: string;
  groups: Pick<ConsumerGroups, 'nameOf'>;
  calls: Pick<Calls, 'creditStalls'>;
  /** Calls of the callers that use Nest's built-in transport; those of Parley's are the link's. */
  nest: { active: number } | undefined;
  consumptions: readonly Pick<Consumption, 'group' | 'load' | 'rebalances' | 'lags'>[];
}

/** Tells of a server until the returned function is called. */
export function addServerFigures({ service, groups, calls, nest, consumptions }: ServerState): () => void {
  const attributes = { [ATTRIBUTES.service]: service };
  return addFigures(tell => {
    if (nest) tell('parley.server.active_calls', nest.active, attributes);
    tell('parley.server.credit_stalls', calls.creditStalls, attributes);
    for (const { group, load, rebalances, lags } of consumptions) {
      const ofGroup = { [ATTRIBUTES.group]: groups.nameOf(group) };
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
