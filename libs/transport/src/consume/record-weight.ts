import type { ReceivedRecord } from '../drivers/driver.js';

/** What a record keeps in memory, about, in bytes: a record that is all headers weighs too. */
export function weightOf({ key, value, headers }: Pick<ReceivedRecord, 'key' | 'value' | 'headers'>): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) bytes += name.length + headers[name]!.length;
  return bytes;
}
