import { WireError } from './wire-error.js';

/** What the headers of a record may be, all of them together. */
export interface HeaderLimits {
  count: number;
  /** Names and values, in bytes. */
  bytes: number;
}

export const HEADER_LIMITS: HeaderLimits = { count: 256, bytes: 64 * 1024 };

/** Raises WireError for a record that carries more. */
export function checkHeaders(
  headers: Readonly<Record<string, { readonly length: number }>>,
  limits: HeaderLimits = HEADER_LIMITS,
): void {
  let count = 0;
  let bytes = 0;
  for (const name in headers) {
    count += 1;
    bytes += name.length + headers[name]!.length;
  }
  if (count > limits.count)
    throw new WireError(`it has ${count} headers; the limit is ${limits.count} (maxHeaders)`);
  if (bytes > limits.bytes)
    throw new WireError(`its headers weigh ${bytes} bytes; the limit is ${limits.bytes} (maxHeaderBytes)`);
}
