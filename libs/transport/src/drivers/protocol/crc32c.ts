/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches; Node's zlib.crc32 is another polynomial. Works
 * eight bytes a step by eight tables ("slicing by 8").
 */
const POLYNOMIAL = 0x82f63b78;
const NONE = new Int32Array(256);
const [T0 = NONE, T1 = NONE, T2 = NONE, T3 = NONE, T4 = NONE, T5 = NONE, T6 = NONE, T7 = NONE] = makeTables();

/** The checksum of bytes `start` to `end`, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      T7[low & 0xff]! ^
      T6[(low >>> 8) & 0xff]! ^
      T5[(low >>> 16) & 0xff]! ^
      T4[low >>> 24]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = T0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTables(): Int32Array[] {
  const tables: Int32Array[] = [];
  for (let table = 0; table < 8; table++) {
    const entries = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      entries[byte] = table === 0 ? shiftedOut(byte) : advanced(tables[table - 1]![byte]!, tables[0]!);
    }
    tables.push(entries);
  }
  return tables;
}

function shiftedOut(byte: number): number {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
}

/** The checksum after one more byte, a zero. */
function advanced(crc: number, first: Int32Array): number {
  return first[crc & 0xff]! ^ (crc >>> 8);
}
