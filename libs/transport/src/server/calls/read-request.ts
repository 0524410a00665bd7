import type { ReceivedRecord } from '../../drivers/driver.js';
import type { LinkOptions } from '../../link/link-options.js';
import { checkHeaders } from '../../wire/header-limits.js';
import { decodeHeader, PARLEY_HEADER, type RequestHeader } from '../../wire/header.js';
import { WireError } from '../../wire/wire-error.js';

/** Raises WireError for what is no request, or more of one than the limits allow. */
export function readRequest(
  record: ReceivedRecord,
  { headerLimits, maxItemBytes }: Pick<LinkOptions, 'headerLimits' | 'maxItemBytes'>,
): RequestHeader {
  const line = record.headers[PARLEY_HEADER];
  if (!line) throw new WireError(`it has no ${PARLEY_HEADER} header`);
  const header = decodeHeader(line);
  if (header.kind !== 'request')
    throw new WireError(`it is ${header.kind === 'event' ? 'an event' : 'an inbox record'}, not a request`);
  checkHeaders(record.headers, headerLimits);
  const bytes = record.value?.length ?? 0;
  if (bytes > maxItemBytes)
    throw new WireError(`its data weighs ${bytes} bytes; the limit is ${maxItemBytes} (maxItemBytes)`);
  return header;
}
