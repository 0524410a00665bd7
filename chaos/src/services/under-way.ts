import type { LinkHealth, ServerHealth } from '@parley/transport';

/** What a link has not done with, and what keeps it from its work: nothing, where a process is at rest and well. */
export function linkUnderWay(link: LinkHealth): string[] {
  const { state, opened, inboxReading, stalled, pendingCalls, runningCalls, queuedRecords } = link;
  return [
    ...counted({ pendingCalls, runningCalls, queuedRecords }),
    ...wrong({ connected: state === 'connected', opened, inboxReading, 'not stalled': !stalled }),
  ];
}

/** The same of a server. */
export function serverUnderWay({ link, load, taking, assigned, crash }: ServerHealth): string[] {
  return [
    ...linkUnderWay(link),
    ...counted({ load }),
    ...wrong({ taking, assigned }),
    ...(crash === undefined ? [] : [`crashed: ${crash}`]),
  ];
}

function counted(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${name}: ${count}`] : []));
}

function wrong(expected: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(expected).flatMap(([name, is]) => (is ? [] : [`not so: ${name}`]));
}
