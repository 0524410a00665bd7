import type { TopicPartition } from './api/api.js';

/** What becomes of an intercepted request; made with `fault`. */
export type Fault =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'error'; readonly code: number; readonly only?: PartitionTest }
  | { readonly kind: 'drop' }
  | { readonly kind: 'dropResponse' }
  | { readonly kind: 'close' }
  | { readonly kind: 'closeAfter' }
  | { readonly kind: 'trickle'; readonly ms: number; readonly bytes: number }
  | { readonly kind: 'stall' };

/** True for the partitions that a fault befalls. */
export type PartitionTest = (partition: TopicPartition) => boolean;

export const fault = {
  /** Handles the request after `ms` milliseconds; later ones on the same connection wait, as on a slow broker. */
  delay: (ms: number): Fault => ({ kind: 'delay', ms }),
  /** Answers with this error code, wherever the response has room for one; nothing is done. */
  error: (code: number): Fault => ({ kind: 'error', code }),
  /** Neither handles nor answers the request. */
  drop: { kind: 'drop' } as Fault,
  /** Handles the request, and never answers it. */
  dropResponse: { kind: 'dropResponse' } as Fault,
  /** Closes the connection; nothing is done. */
  close: { kind: 'close' } as Fault,
  /** Handles the request, then closes the connection instead of answering. */
  closeAfter: { kind: 'closeAfter' } as Fault,
  /** Handles the request, and sends `bytes` of the response, 1 unless told otherwise, every `ms` milliseconds. */
  trickle(ms: number, bytes = 1): Fault {
    if (Number.isInteger(bytes) && bytes >= 1) return { kind: 'trickle', ms, bytes };
    throw new RangeError(`bytes must be a whole number from 1 on, not ${bytes}`);
  },
  /** Handles the request, sends half of the response, and then nothing more on that connection, which stays open. */
  stall: { kind: 'stall' } as Fault,
} as const;
