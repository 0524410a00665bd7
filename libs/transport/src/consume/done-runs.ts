/** Offsets from `from` to before `to`. */
export interface Run {
  from: number;
  to: number;
}

/** The broker's default for `offset.metadata.max.bytes`: it refuses a commit with more. */
export const MAX_METADATA_LENGTH = 4096;
/** Marks metadata of this form; a group's metadata may be anybody's. */
const MARK = 'parley1:';
/** What runs may take of the metadata, in bytes. */
export const MAX_RUN_BYTES = Math.floor(((MAX_METADATA_LENGTH - MARK.length) * 3) / 4);
/** The longest that a number of these can be, in bytes. */
const MAX_VARINT_BYTES = 8;

/**
 * Runs past a committed offset as text: the varints of each gap and each run, in turn, in base64url. Leaves out the
 * last runs where all would be longer than the broker takes: what they hold is then run again.
 */
export function encodeRuns(position: number, runs: readonly Run[]): string {
  if (runs.length === 0) return '';
  const bytes: number[] = [];
  let at = position;
  for (const { from, to } of runs) {
    const before = bytes.length;
    pushVarint(bytes, from - at);
    pushVarint(bytes, to - from);
    if (bytes.length > MAX_RUN_BYTES) {
      bytes.length = before;
      break;
    }
    at = to;
  }
  return MARK + Buffer.from(bytes).toString('base64url');
}

/** The runs that `encodeRuns` wrote; none where the text is another's, or is not whole. Never raises. */
export function decodeRuns(position: number, text: string): Run[] {
  if (!text.startsWith(MARK)) return [];
  const bytes = Buffer.from(text.slice(MARK.length), 'base64url');
  const runs: Run[] = [];
  let at = position;
  let next = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let scale = 1; next < bytes.length; scale *= 128) {
      const byte = bytes[next++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 128) return value;
    }
    return undefined;
  };
  while (next < bytes.length) {
    const gap = varint();
    const length = varint();
    if (gap === undefined || length === undefined) return [];
    const run = { from: at + gap, to: at + gap + length };
    if (length === 0 || !Number.isSafeInteger(run.to)) return [];
    runs.push(run);
    at = run.to;
  }
  return runs;
}

/** What a run takes behind the one before it, in bytes. */
export function bytesOf({ from, to }: Run, before?: Run): number {
  return (before ? varintBytes(from - before.to) : MAX_VARINT_BYTES) + varintBytes(to - from);
}

/**
 * What the runs in a stretch of so many offsets can take at most, in bytes, where it begins with an open one and so many
 * are open: whichever of these are done next.
 */
export function mostRunBytes(open: number, stretch: number): number {
  // Between two runs one offset is open, at least. They take most where gaps and runs are all of one length.
  const runs = Math.min(open, Math.floor(stretch / 2));
  return runs === 0 ? 0 : 2 * runs * (1 + Math.log2(stretch / (2 * runs)) / 7);
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
