import type { ReceivedRecord } from '../../drivers/driver.js';
import type { Codec } from '../../wire/codec.js';
import { decodeHeader, PARLEY_HEADER, type EventHeader } from '../../wire/header.js';
import { parseJson } from '../../wire/safe-json.js';
import { WireError } from '../../wire/wire-error.js';

/** An event that can be handled. */
export interface ReadEvent {
  /** As it was first read, also where it has been on a retry topic since. */
  record: ReceivedRecord;
  pattern: string;
  /** Absent where another producer wrote it. */
  header: EventHeader | undefined;
  /** Gives each run of a handler data of its own. */
  decode(): unknown;
}

/** Reads what another producer wrote. */
export type ForeignValue = (value: Buffer) => unknown;

/** Raises what its producer got wrong: a header or data that cannot be read. */
export function readEvent(
  record: ReceivedRecord,
  pattern: string,
  codec: Codec,
  foreign: ForeignValue = foreignValue,
): ReadEvent {
  const header = eventHeader(record);
  const read = () => decode(record, header, codec, foreign);
  const first = [read()];
  return { record, pattern, header, decode: () => (first.length > 0 ? first.pop() : read()) };
}

function decode(
  { value }: ReceivedRecord,
  header: EventHeader | undefined,
  codec: Codec,
  foreign: ForeignValue,
): unknown {
  if (header) return codec.decode(header.contentType, value ?? Buffer.alloc(0));
  if (value === null) return null;
  return foreign(value);
}

function eventHeader(record: ReceivedRecord): EventHeader | undefined {
  const line = record.headers[PARLEY_HEADER];
  if (!line) return undefined;
  const header = decodeHeader(line);
  if (header.kind !== 'event')
    throw new WireError(`an event topic holds ${header.kind === 'frames' ? 'an inbox record' : 'a request'}`);
  return header;
}

/** Another producer's value: JSON where it is JSON, else the bytes as they are. */
function foreignValue(value: Buffer): unknown {
  try {
    return parseJson(value.toString());
  } catch (error) {
    if (error instanceof WireError) throw error;
    return value;
  }
}
