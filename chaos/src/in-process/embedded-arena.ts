import { ApiKey, type EmbeddedKafka, ErrorCode, fault as faults } from '@parley/embedded-kafka';
import { withAdmin } from '../cluster/admin.js';
import { partitions } from '../cluster/leaders.js';
import { type Fault, type FaultKind, placeAt } from '../schedule/fault.js';
import type { Arena } from '../schedule/storm.js';
import type { InProcessFleet } from './in-process-fleet.js';

/** What can befall a fleet in this process, whatever Kafka it is on. */
export const FLEET_FAULTS: readonly FaultKind[] = ['roll server', 'roll caller'];

/** And brokers that are embedded. */
export const EMBEDDED_FAULTS: readonly FaultKind[] = [
  ...FLEET_FAULTS,
  'kill broker',
  'silence broker',
  'fill broker',
  'slow broker',
  'cut broker',
  'move leaders',
];

/** Responses that a broker with cut connections still sends one half of. */
const CUT_RESPONSES = 4;

/** Lets faults happen in this process: to its servers and callers, and to embedded brokers where there are any. */
export class EmbeddedArena implements Arena {
  constructor(
    private readonly fleet: InProcessFleet,
    private readonly kafka?: EmbeddedKafka,
  ) {}

  async begin(fault: Fault): Promise<() => Promise<void> | void> {
    const { kind, target } = fault;
    if (kind === 'roll server' || kind === 'roll caller') {
      const place = placeAt(kind === 'roll server' ? this.fleet.servers : this.fleet.callers, target);
      await place.roll();
      return () => place.start();
    }
    if (!this.kafka) throw new Error(`There is no embedded broker for the fault: ${kind}`);
    return this.#befallBroker(this.kafka, fault);
  }

  async #befallBroker(
    kafka: EmbeddedKafka,
    { kind, target: nodeId, byMs = 0 }: Fault,
  ): Promise<() => Promise<void> | void> {
    const [produces, fetches] = [
      { api: ApiKey.Produce, nodeId },
      { api: ApiKey.Fetch, nodeId },
    ];
    switch (kind) {
      case 'kill broker':
        await kafka.stopBroker(nodeId);
        return () => kafka.startBroker(nodeId);
      case 'silence broker':
        return both(kafka.inject(produces, faults.dropResponse), kafka.inject(fetches, faults.stall));
      case 'fill broker':
        return kafka.inject(produces, faults.error(ErrorCode.KAFKA_STORAGE_ERROR));
      case 'slow broker':
        return both(
          kafka.inject(produces, faults.delay(byMs)),
          kafka.inject(fetches, faults.trickle(byMs, 2_048)),
        );
      case 'cut broker':
        kafka.inject({ ...produces, times: CUT_RESPONSES }, faults.closeAfter);
        kafka.inject({ ...fetches, times: CUT_RESPONSES }, faults.close);
        return () => {};
      case 'move leaders':
        // Here the target says by how many brokers.
        for (const { topic, partition } of await withAdmin(kafka.brokers, partitions)) {
          const leader = kafka.leaderOf(topic, partition);
          if (leader > 0)
            kafka.moveLeader(topic, partition, ((leader - 1 + nodeId) % kafka.brokers.length) + 1);
        }
        return () => {};
      default:
        throw new Error(`An embedded broker cannot suffer the fault: ${kind}`);
    }
  }
}

function both(one: () => void, other: () => void): () => void {
  return () => {
    one();
    other();
  };
}
