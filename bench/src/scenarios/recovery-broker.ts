import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import { PartitionLeaders } from '../fleet/partition-leaders.js';
import { noteOf } from '../fleet/note.js';
import { recover, RECOVERY_DEADLINE_MS, WARM_UP_MS } from '../fleet/recovery.js';
import type { FleetScenario } from '../scenario.js';

/** Kills the broker that leads the partition by which most answers arrive, while callers call. */
export const scenario: FleetScenario = {
  deadlineMs: RECOVERY_DEADLINE_MS,

  async run({ fleet, callers: concurrency, cluster: { brokers, own } }) {
    if (!own) throw new Error('Brokers are killed only where the bench started them: unset KAFKA_BROKERS.');
    const servers = await Promise.all([fleet.bootServer(), fleet.bootServer()]);
    await Promise.all(servers.map(server => fleet.start(server)));
    const caller = await fleet.bootCaller();
    await fleet.connect(caller);
    await fleet.share(concurrency, [caller]);
    await sleep(WARM_UP_MS);

    const leaders = new PartitionLeaders(brokers, fleet.settings.run);
    const { topic, partition, leader } = await leaders.busiest(/\.(inbox|reply)$/);
    const { coordinator, controller } = await leaders.roles();
    const survivor = brokers[leader % brokers.length] ?? '';
    let election: Promise<number> | undefined;
    const kill = async (): Promise<void> => {
      const killedAt = clock();
      await own.kill(leader);
      election = leaders.election(leader, survivor, killedAt);
      election.catch(() => {}); // Awaited below.
    };
    try {
      const figures = await recover({ fleet, caller, kill });
      return {
        ...figures,
        electionMs: await election,
        note: noteOf(
          `the leader of ${topic.split('.').slice(1).join('.')} ${partition}` +
            (leader === coordinator ? ', coordinator of groups' : '') +
            (leader === controller ? ', controller' : ''),
          figures.note ?? false,
        ),
      };
    } finally {
      await own.restart(leader);
      await leaders.inSync();
    }
  },
};
