import type { DriverErrorKind, OutgoingRecord } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { RecordParcel } from '../link/parcel.js';
import type { Sender } from '../link/sender.js';
import {
  decodeHeader,
  encodeHeader,
  MAX_LINE_LENGTH,
  PARLEY_HEADER,
  type PartHeader,
} from '../wire/header.js';
import { halvesOf, partsOf, type Part } from '../wire/parts.js';
import type { Status } from '../wire/status.js';

type OnFailed = (status: Status) => void;
interface Terms {
  expiresAt: number;
  failed: OnFailed;
}
type OfRequest = Omit<PartHeader, 'at'>;

const NOTHING = () => undefined;

/** A record that leaves in two where the broker takes less. */
abstract class DivisibleParcel extends RecordParcel {
  private pieces: readonly DivisibleParcel[] | undefined;

  split(kind: DriverErrorKind): readonly [DivisibleParcel, DivisibleParcel] | undefined {
    if (kind !== 'too-large') return undefined;
    const pieces = this.divide();
    this.pieces = pieces;
    return pieces;
  }

  override withdraw(): void {
    super.withdraw();
    for (const piece of this.pieces ?? []) piece.withdraw();
  }

  protected abstract divide(): readonly [DivisibleParcel, DivisibleParcel] | undefined;
}

/** A request. Where the broker takes less than it weighs its data goes ahead of it, in parts. */
export class RequestParcel extends DivisibleParcel {
  constructor(record: OutgoingRecord, expiresAt: number, onFailed: OnFailed) {
    super(record, expiresAt, NOTHING, onFailed);
  }

  protected override divide(): readonly [DivisibleParcel, DivisibleParcel] | undefined {
    const { value } = this.record;
    const parted = value && value.length > 0 ? partedRequest(this.record, value) : undefined;
    if (!value || !parted) return undefined;
    return [
      new PartParcel(this.record, parted.header, { at: 0, bytes: value }, this, NOTHING),
      new RequestParcel(parted.record, this.expiresAt, this.failed),
    ];
  }
}

/** A part of a request's data. */
class PartParcel extends DivisibleParcel {
  constructor(
    private readonly place: Pick<OutgoingRecord, 'topic' | 'partition' | 'key'>,
    private readonly header: OfRequest,
    private readonly part: Part,
    private readonly terms: Terms,
    delivered: () => void,
  ) {
    const { topic, partition, key } = place;
    const line = encodeHeader({ ...header, at: part.at });
    const record = { topic, partition, key, value: part.bytes, headers: { [PARLEY_HEADER]: line } };
    super(record, terms.expiresAt, delivered, terms.failed);
  }

  protected override divide(): readonly [DivisibleParcel, DivisibleParcel] | undefined {
    const halves = halvesOf(this.part);
    if (!halves) return undefined;
    const piece = (part: Part, delivered: () => void) =>
      new PartParcel(this.place, this.header, part, this.terms, delivered);
    // They leave in order: when the second has arrived, both have.
    return [piece(halves[0], NOTHING), piece(halves[1], () => this.delivered(0))];
  }
}

/**
 * A request whose data is too large for one record. Its parts and then the request leave for one partition. With a
 * key they queue together, so that what is sent after it by that key stays behind it; without one each part waits
 * until the one before has arrived, so that other calls leave in between.
 */
export class LargeRequest {
  private readonly parcels: readonly DivisibleParcel[];
  private sent = 0;

  /** `record` is the request with its data. Raises INVALID_ARGUMENT where the pattern leaves no room for its size. */
  constructor(
    private readonly sender: Pick<Sender, 'offer'>,
    private readonly record: OutgoingRecord & { value: Buffer },
    private readonly terms: Terms,
  ) {
    const parted = partedRequest(record, record.value);
    if (!parted)
      throw new ParleyException('INVALID_ARGUMENT', 'the pattern is too long for a request in parts');
    const onDelivered = record.key === null ? () => this.sendNext() : NOTHING;
    this.parcels = [
      ...partsOf(record.value).map(part => new PartParcel(record, parted.header, part, terms, onDelivered)),
      new RequestParcel(parted.record, terms.expiresAt, terms.failed),
    ];
  }

  send(): void {
    if (this.record.key === null) this.sendNext();
    else while (this.sent < this.parcels.length) this.sendNext();
  }

  /** What has not left is not sent. */
  withdraw(): void {
    for (const parcel of this.parcels) parcel.withdraw();
  }

  private sendNext(): void {
    const parcel = this.parcels[this.sent];
    if (!parcel || parcel.withdrawn) return;
    this.sent += 1;
    const refused = this.sender.offer(parcel);
    if (!refused) return;
    this.sent = this.parcels.length;
    this.terms.failed(refused);
  }
}

/** The request without its data, and what its parts' headers begin with; undefined where its own has no room. */
function partedRequest(
  record: OutgoingRecord,
  data: Buffer,
): { record: OutgoingRecord; header: OfRequest } | undefined {
  const request = decodeHeader(Buffer.from(record.headers[PARLEY_HEADER]!));
  if (request.kind !== 'request') return undefined;
  const line = encodeHeader({ ...request, partedBytes: data.length });
  if (line.length > MAX_LINE_LENGTH) return undefined;
  const { callId, attempt, timeoutMs } = request;
  return {
    record: { ...record, value: null, headers: { ...record.headers, [PARLEY_HEADER]: line } },
    header: { kind: 'part', callId, attempt, size: data.length, timeoutMs },
  };
}
