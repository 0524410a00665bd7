import type { Link } from '../../link/link.js';
import { acceptFlags, type AcceptFlag, type AcceptFrame } from '../../wire/frame.js';
import type { Handling } from '../handling.js';

const NO_FLAGS = acceptFlags([]);

/** Tells a call's client of an execution, and where it is. */
export function acceptOf(
  link: Pick<Link, 'address' | 'options'>,
  callId: string,
  execution: string,
  { idempotent = false, resumable = false }: Handling,
  redelivered = false,
): AcceptFrame {
  const { partition, instance } = link.address;
  const { service } = link.options;
  const flags =
    idempotent || resumable || redelivered ? flagsOf({ redelivered, idempotent, resumable }) : NO_FLAGS;
  return { kind: 'accept', callId, execution, partition, instance, flags, service };
}

function flagsOf(said: Readonly<Record<AcceptFlag, boolean>>): string {
  const flags: readonly AcceptFlag[] = ['redelivered', 'idempotent', 'resumable'];
  return acceptFlags(flags.filter(flag => said[flag]));
}
