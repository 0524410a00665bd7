import type { ServerHealth } from '@parley/transport';

/** Why a probe fails; empty where it passes. */
export type Reasons = readonly string[];

/** What a probe finds: the live state, and the loops that turn no more. */
export interface Finding {
  health: ServerHealth;
  stuck: readonly { name: string; forMs: number }[];
  lateMs: number;
}

/**
 * Fails only where a restart helps. An outage of Kafka is none of these: loops go on turning through it, from one time-out
 * to the next, also where a broker takes connections and answers nothing.
 */
export function livenessReasons({ health: { crash }, stuck }: Pick<Finding, 'health' | 'stuck'>): Reasons {
  const reasons = stuck.map(({ name, forMs }) => `the ${name} has not moved for ${seconds(forMs)}`);
  if (crash !== undefined) reasons.push(`the consumer crashed: ${crash}`);
  return reasons;
}

/** Fails while calls could not be answered or made. */
export function readinessReasons(finding: Finding): Reasons {
  const { health, lateMs } = finding;
  const { link, draining } = health;
  const reasons = [...startupReasons(health), ...livenessReasons(finding)];
  if (draining) reasons.push('the server is draining');
  if (!link.opened) return reasons;
  if (link.state !== 'connected') reasons.push(`Kafka is ${link.state}${because(link.lastError)}`);
  if (!link.inboxReading) reasons.push('the inbox is not being read');
  if (link.stalled) reasons.push('Kafka does not answer');
  if (link.senderStuckForMs > lateMs)
    reasons.push(`nothing was acknowledged for ${seconds(link.senderStuckForMs)}`);
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

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function because(error: string | undefined): string {
  return error === undefined ? '' : `: ${error}`;
}
