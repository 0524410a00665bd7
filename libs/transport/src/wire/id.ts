import { randomFillSync } from 'node:crypto';

/** A call: 128 random bits. */
export const CALL_ID_BYTES = 16;
/** An execution: 64 random bits. */
export const EXECUTION_ID_BYTES = 8;
/** An instance: 72 random bits, 12 characters. */
export const INSTANCE_ID_BYTES = 9;

const pool = Buffer.alloc(8192);
let used = pool.length;

/** An unguessable id of `bytes` random bytes in base64url. Randomness is drawn in pages: a draw costs about 1 µs. */
export function randomId(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString('base64url', used, used + bytes);
  used += bytes;
  return id;
}
