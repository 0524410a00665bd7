import type { DriverErrorKind, OutgoingRecord } from '../drivers/driver.js';
import { encodeHeader, PARLEY_HEADER, type InstanceAddress } from '../wire/header.js';
import { halveFrame } from '../wire/halve-frame.js';
import type { Status } from '../wire/status.js';
import type { Parcel } from './parcel.js';

/** Frames for one instance that leave in one record, up to this many bytes. */
export const MAX_FRAMES_BYTES = 256 * 1024;

/**
 * What has frames to send to an instance. Asked only when the record that carries them is made, so that all that
 * came up while an earlier request was in flight leaves as few, full frames.
 */
export interface FrameSource {
  /** Encoded frames, about `maxBytes` at most; what is left waits for the source's next post. */
  take(maxBytes: number): Buffer[];
  delivered?(): void;
  failed?(status: Status): void;
}

/** A source and the frames it gave. */
interface Taken {
  source: FrameSource;
  frames: readonly Buffer[];
}

/** All frames that wait for one instance: one record of its inbox. */
export class FrameParcel implements Parcel {
  readonly withdrawn = false;
  /** Whether none of its frames minds to wait a little for others. */
  patient = false;
  readonly topic: string;
  readonly partition: number;
  bytes = 0;
  private readonly sources: FrameSource[] = [];
  private taken: readonly Taken[] | undefined;
  private record: OutgoingRecord | undefined;
  private over = false;

  /** `onSealed` is told when nothing more can be added: it leaves, or has failed. */
  constructor(
    private readonly to: InstanceAddress,
    readonly expiresAt: number,
    private readonly onSealed: () => void = () => undefined,
  ) {
    this.topic = to.topic;
    this.partition = to.partition;
  }

  /** False once it is full or sealed: the source then goes into a new parcel. */
  add(source: FrameSource, bytes: number): boolean {
    if (this.record || this.over || (this.bytes > 0 && this.bytes + bytes > MAX_FRAMES_BYTES)) return false;
    this.sources.push(source);
    this.bytes += bytes;
    return true;
  }

  seal(): OutgoingRecord {
    if (this.record) return this.record;
    this.onSealed();
    this.taken ??= takeAll(this.sources);
    const frames = this.taken.flatMap(({ frames }) => frames);
    this.record = {
      topic: this.topic,
      partition: this.partition,
      key: null,
      value: frames.length === 1 ? frames[0]! : Buffer.concat(frames),
      headers: { [PARLEY_HEADER]: encodeHeader({ kind: 'frames', instance: this.to.instance }) },
    };
    return this.record;
  }

  /** First so that one call's large reply does not fail its neighbours; then so that a broker takes it that takes less. */
  split(kind: DriverErrorKind): readonly [Parcel, Parcel] | undefined {
    const [first, ...others] = this.taken ?? [];
    if (!first) return undefined;
    const halves = others.length > 0 ? halvesOf([first, ...others]) : kind === 'too-large' && halved(first);
    return halves ? [this.part(halves[0]), this.part(halves[1])] : undefined;
  }

  delivered(): void {
    for (const source of this.sources) source.delivered?.();
  }

  failed(status: Status): void {
    this.over = true;
    if (!this.record) this.onSealed();
    for (const source of this.sources) source.failed?.(status);
  }

  private part(taken: readonly Taken[]): FrameParcel {
    const parcel = new FrameParcel(this.to, this.expiresAt);
    for (const { source, frames } of taken) {
      parcel.sources.push(source);
      for (const frame of frames) parcel.bytes += frame.length;
    }
    parcel.taken = taken;
    return parcel;
  }
}

function halvesOf<T>(list: readonly T[]): readonly [T[], T[]] {
  const middle = list.length >> 1;
  return [list.slice(0, middle), list.slice(middle)];
}

/** One source's frames in two records, of which it hears as of one. */
function halved({ source, frames }: Taken): readonly [Taken[], Taken[]] | undefined {
  const halves = frames.length > 1 ? halvesOf(frames) : halfFrames(frames[0]);
  if (!halves) return undefined;
  const both = new TwoRecords(source);
  return [[{ source: both, frames: halves[0] }], [{ source: both, frames: halves[1] }]];
}

function halfFrames(frame: Buffer | undefined): readonly [Buffer[], Buffer[]] | undefined {
  const halves = frame && halveFrame(frame);
  return halves && [[halves[0]], [halves[1]]];
}

/** A source whose frames leave in two records: delivered when both are, failed when one has. */
class TwoRecords implements FrameSource {
  private left = 2;

  constructor(private readonly source: FrameSource) {}

  take(): Buffer[] {
    return [];
  }

  delivered(): void {
    this.left -= 1;
    if (this.left === 0) this.source.delivered?.();
  }

  failed(status: Status): void {
    if (this.left <= 0) return;
    this.left = 0;
    this.source.failed?.(status);
  }
}

function takeAll(sources: readonly FrameSource[]): Taken[] {
  let room = MAX_FRAMES_BYTES;
  return sources.map(source => {
    const frames = source.take(Math.max(room, 1));
    for (const frame of frames) room -= frame.length;
    return { source, frames };
  });
}
