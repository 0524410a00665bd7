import type { z } from 'zod';
import { holdsSecret } from './kafka-security.js';

/** Raises TypeError that names each option at fault and what it got. */
export function checkOptions<T extends z.ZodType>(type: T, options: unknown, what: string): z.output<T> {
  const result = type.safeParse(options);
  if (result.success) return result.data;
  const faults = result.error.issues.map(issue => {
    const path = issue.path.join('.') || 'options';
    const value = valueAt(options, issue.path);
    return `${path}: ${issue.message}; got ${holdsSecret(issue.path) ? kindOf(value) : shown(value)}`;
  });
  throw new TypeError(`${what} was given options that it cannot use:\n  ${faults.join('\n  ')}`);
}

function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : value,
    options,
  );
}

/** Objects by their kind only: an option may hold a secret. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (typeof value === 'object' || typeof value === 'symbol') return kindOf(value);
  return JSON.stringify(value) ?? kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
