/** What is waited for before a probe fails, in ms. */
export interface HealthBounds {
  /** A sender that no broker has acknowledged anything to for so long is not ready to take calls. Default 5,000. */
  lateMs: number;
  /**
   * A loop that has not turned for so long will not turn again: liveness fails. Every turn ends within
   * `kafka.connectionTimeoutMs` and two of `kafka.requestTimeoutMs`, 13 s by default: leave twice that. Default 60,000.
   */
  stuckMs: number;
}

export const HEALTH_DEFAULTS: Readonly<HealthBounds> = { lateMs: 5_000, stuckMs: 60_000 };

/** Provides bounds of one's own: `{ provide: HEALTH_BOUNDS, useValue: { stuckMs: 120_000 } }`. */
export const HEALTH_BOUNDS = Symbol.for('parley.health-bounds');

/** Raises TypeError for a bound that is none. */
export function healthBounds(given: Partial<HealthBounds> = {}): HealthBounds {
  const bounds = { ...HEALTH_DEFAULTS, ...given };
  for (const name of ['lateMs', 'stuckMs'] as const) {
    const bound = bounds[name];
    if (!Number.isInteger(bound) || bound <= 0)
      throw new TypeError(
        `${name} of the health bounds takes milliseconds, a whole number from 1; got ${String(bound)}`,
      );
  }
  return bounds;
}
