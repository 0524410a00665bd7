import type { Park } from '../consume/lanes.js';
import { REPLAY_HEADER } from '../consume/replay-header.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import type { Pace } from '../dead/pace.js';
import type { Events } from '../server/events/events.js';
import type { Persistence } from '../server/events/onward.js';
import type { EventHandler } from '../server/handlers.js';
import type { ReadEvent } from '../server/events/read-event.js';
import { SharedSlot } from '../server/shared-slot.js';
import type { ReplayTally } from './replay-tally.js';

export interface ReplayedEventOptions {
  events: Events;
  pattern: string;
  /** Those that are given the events again. */
  handlers: ReadonlySet<EventHandler>;
  /** What fails goes where failed events go; else it is only told. */
  keepsFailures: boolean;
  pace: Pace;
  tally: ReplayTally;
  /** The replay ends. */
  signal: AbortSignal;
}

/** How long Kafka may be away when what fails is to be kept, in ms: as long as a replay outlasts when it reads. */
const PATIENCE_MS = 60_000;

/** Gives an event to handlers once more. Rejects where the replay ends before it is settled, or it cannot be kept. */
export async function replayEvent(
  stored: ReceivedRecord,
  park: Park,
  { events, pattern, handlers, keepsFailures, pace, tally, signal }: ReplayedEventOptions,
): Promise<void> {
  const addressed = events.addressed(pattern, stored).filter(handler => handlers.has(handler));
  if (addressed.length === 0) {
    tally.report.skipped += 1;
    return;
  }
  await pace.turn(signal);
  signal.throwIfAborted();
  const record = { ...stored, headers: { ...stored.headers, [REPLAY_HEADER]: MARK } };
  let event: ReadEvent;
  try {
    event = events.read(record, pattern);
  } catch (cause) {
    tally.failed(record, undefined, 0, cause);
    return;
  }
  const slot = new SharedSlot(park, addressed.length);
  const persistence: Persistence = { signal, patienceMs: PATIENCE_MS };
  const settle = async (handler: EventHandler): Promise<void> => {
    const outcome = await events.runs(handler, event, slot, signal);
    if (outcome.kind === 'handled') {
      tally.report.handled += 1;
      return;
    }
    if (keepsFailures) await slot.waitFor(events.settle(handler, event, outcome, persistence));
    tally.failed(record, handler.name, outcome.attempts, outcome.cause);
  };
  const outcomes = await Promise.allSettled(
    addressed.map(handler => settle(handler).finally(() => slot.ended())),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

const MARK = Buffer.from('1');
