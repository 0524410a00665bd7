/** Provides the options that ParleyModule was given. */
export const PARLEY_OPTIONS = Symbol.for('parley.options');

/** Provides the client for a service. */
export function clientToken(service: string): string {
  return `parley.client.${service}`;
}
