import { crc32c } from '@node-rs/crc32';

export interface BatchOptions {
  readonly values?: readonly string[];
  /** Of every record; none by default. */
  readonly key?: string;
  readonly producerId?: number;
  readonly epoch?: number;
  readonly sequence?: number;
  /** Of the first record; each later one is a millisecond younger. */
  readonly timestamp?: number;
  readonly attributes?: number;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let zigzag = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; zigzag >= 0x80; zigzag = Math.floor(zigzag / 0x80)) bytes.push((zigzag % 0x80) | 0x80);
  return [...bytes, zigzag];
}

function record(value: string, index: number, key: string | undefined): Buffer {
  const bytes = Buffer.from(value);
  const keyed = key === undefined ? varint(-1) : [...varint(key.length), ...Buffer.from(key)];
  const body = [0, ...varint(index), ...varint(index), ...keyed, ...varint(bytes.length), ...bytes, 0];
  return Buffer.from([...varint(body.length), ...body]);
}

/** One record batch of format 2, with a true checksum. */
export function batch(options: BatchOptions = {}): Buffer {
  const {
    values = ['v'],
    producerId = -1,
    epoch = -1,
    sequence = -1,
    timestamp = 1_000,
    attributes = 0,
  } = options;
  const records = Buffer.concat(values.map((value, index) => record(value, index, options.key)));
  const header = Buffer.alloc(61);
  header.writeInt32BE(49 + records.length, 8);
  header[16] = 2;
  header.writeInt16BE(attributes, 21);
  header.writeInt32BE(values.length - 1, 23);
  header.writeBigInt64BE(BigInt(timestamp), 27);
  header.writeBigInt64BE(BigInt(timestamp + values.length - 1), 35);
  header.writeBigInt64BE(BigInt(producerId), 43);
  header.writeInt16BE(epoch, 51);
  header.writeInt32BE(sequence, 53);
  header.writeInt32BE(values.length, 57);
  return sealed(Buffer.concat([header, records]));
}

/** Gives a batch that was tampered with a true checksum again. */
export function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}
