import type { ServerHealth } from '@parley/transport';

/** A sender that no broker has acknowledged anything to for so long is not ready to take calls. In ms. */
export const SENDER_LATE_MS = 5_000;
/** A sender that has been stuck for so long although Kafka is connected will not recover by itself. In ms. */
export const SENDER_STUCK_MS = 60_000;

/** Why a probe fails; empty where it passes. */
export type Reasons = readonly string[];

/** Fails only where a restart helps: an outage of Kafka is none of these. */
export function livenessReasons({ link, crash }: ServerHealth): Reasons {
  const reasons: string[] = [];
  if (crash !== undefined) reasons.push(`the consumer crashed: ${crash}`);
  if (link.state === 'connected' && link.senderStuckForMs > SENDER_STUCK_MS) {
    reasons.push(
      `the sender is stuck: nothing was acknowledged for ${Math.round(link.senderStuckForMs / 1000)} s`,
    );
  }
  return reasons;
}

/** Fails while calls could not be answered or made. */
export function readinessReasons(health: ServerHealth): Reasons {
  const { link, draining } = health;
  const reasons = [...startupReasons(health), ...livenessReasons(health)];
  if (draining) reasons.push('the server is draining');
  if (!link.opened) return reasons;
  if (link.state !== 'connected') reasons.push(`Kafka is ${link.state}${because(link.lastError)}`);
  if (!link.inboxReading) reasons.push('the inbox is not being read');
  if (link.stalled) reasons.push('Kafka does not answer');
  if (link.senderStuckForMs > SENDER_LATE_MS) {
    reasons.push(`nothing was acknowledged for ${Math.round(link.senderStuckForMs / 1000)} s`);
  }
  return reasons;
}

/** Fails until topics, inbox and groups have been there once. */
export function startupReasons({ link, serves, listening, taking, assigned }: ServerHealth): Reasons {
  if (!link.opened) return [`Kafka is not reached yet${because(link.lastError)}`];
  if (!serves) return [];
  if (!listening) return ['the server does not listen yet'];
  if (!taking) return ['the application has not started yet'];
  if (!assigned) return ['the consumer group has given no assignment yet'];
  return [];
}

function because(error: string | undefined): string {
  return error === undefined ? '' : `: ${error}`;
}
