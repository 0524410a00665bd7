import { MAX_LISTED, type PulseFrame, type Role } from '../wire/frame.js';
import type { InstanceAddress } from '../wire/header.js';
import { ExecutionSet } from './execution-set.js';

/** An execution that this instance and a peer hold together, one as its client, one as its server. */
export interface SharedExecution {
  /** This instance has named it to the peer. */
  named?(): void;
  /** The peer has named it: it holds it too. */
  confirmed?(): void;
  /** The peer is gone or holds it no more. Nothing more is told of it. */
  lost(why: string): void;
}

/** Pulses of a peer that may stay out before it counts as gone. */
export const PULSES_MISSED = 3;
/** However rarely a peer says that it pulses: by that its silence is judged. In ms. */
export const MAX_PULSE_INTERVAL_MS = 600_000;
/** Lists in a row in which an execution may be missing: a frame that ends it can be on its way beside the first. */
const LISTS_MISSED = 2;

interface Held {
  shared: SharedExecution;
  place: Place;
  /** When it came to be held: a frame of the peer's led to that. */
  since: number;
  named: boolean;
  confirmed: boolean;
  missed: number;
}

/** Where the peer said that it reads. */
interface Place {
  address: InstanceAddress;
  /** Executions that came with this address. */
  executions: number;
}

/**
 * What this instance shares with one other, in one role. Each execution comes with an address of the peer, and pulses go
 * to all of them: an inbox that has moved is read in two places, and one made-up address leads no other's pulses astray.
 */
export class Peer {
  private readonly held = new ExecutionSet<Held>();
  private readonly places = new Map<string, Place>();
  private unnamed = 0;
  private unconfirmed = 0;
  private heardAt: number;
  private theirIntervalMs = 0;
  /** The two sides have differed: the next pulse lists what is held. */
  private listing = false;

  constructor(
    /** Which side of the calls this instance is. */
    readonly role: Role,
    private readonly intervalMs: number,
    now: number,
  ) {
    this.heardAt = now;
  }

  get empty(): boolean {
    return this.held.size === 0;
  }

  /** Where the peer's frames go. */
  get addresses(): InstanceAddress[] {
    return [...this.places.values()].map(({ address }) => address);
  }

  hold(execution: string, address: InstanceAddress, shared: SharedExecution, now: number): void {
    this.release(execution);
    const place = this.placeOf(address);
    place.executions += 1;
    this.held.add(execution, { shared, place, since: now, named: false, confirmed: false, missed: 0 });
    this.unnamed += 1;
    this.unconfirmed += 1;
  }

  release(execution: string): void {
    const held = this.held.get(execution);
    if (!held) return;
    if (!held.named) this.unnamed -= 1;
    if (!held.confirmed) this.unconfirmed -= 1;
    this.held.delete(execution);
    held.place.executions -= 1;
    if (held.place.executions === 0) this.places.delete(keyOf(held.place.address));
  }

  /** What could have been heard was not listened to: silence counts from now. */
  listenAnew(now: number): void {
    this.heardAt = now;
  }

  /**
   * Loses the executions of which nothing has been heard for three pulses. One that came later is not judged by a silence
   * that began before it: a peer that held nothing until then had no reason to pulse.
   */
  loseUnheard(now: number): void {
    const silenceMs = PULSES_MISSED * Math.max(this.intervalMs, this.theirIntervalMs);
    if (now - this.heardAt <= silenceMs) return;
    for (const execution of this.held.ids()) {
      const held = this.held.get(execution);
      if (held && now - held.since > silenceMs)
        this.drop(execution, 'has not been heard of for three pulses');
    }
  }

  pulse(instance: string): PulseFrame {
    const listing = this.listing && this.held.size <= MAX_LISTED;
    this.listing = false;
    if (this.unnamed > 0) this.nameAll();
    return {
      kind: 'pulse',
      role: this.role,
      instance,
      intervalMs: this.intervalMs,
      count: this.held.size,
      digest: this.held.digest,
      ...(listing && { executions: this.held.ids() }),
    };
  }

  receive(pulse: PulseFrame, now: number): void {
    this.heardAt = now;
    this.theirIntervalMs = Math.min(pulse.intervalMs, MAX_PULSE_INTERVAL_MS);
    if (pulse.count === this.held.size && pulse.digest === this.held.digest) {
      if (this.unconfirmed > 0) for (const [, held] of this.held) this.confirm(held);
      return;
    }
    this.listing = true;
    if (pulse.executions) this.compare(new Set(pulse.executions));
  }

  private placeOf(address: InstanceAddress): Place {
    const key = keyOf(address);
    let place = this.places.get(key);
    if (!place) this.places.set(key, (place = { address, executions: 0 }));
    return place;
  }

  private nameAll(): void {
    this.unnamed = 0;
    for (const [, held] of this.held) {
      if (held.named) continue;
      held.named = true;
      held.shared.named?.();
    }
  }

  private compare(theirs: ReadonlySet<string>): void {
    for (const execution of this.held.ids()) {
      const held = this.held.get(execution);
      if (!held) continue;
      if (theirs.has(execution)) {
        held.missed = 0;
        this.confirm(held);
      } else {
        held.missed += 1;
        if (held.missed >= LISTS_MISSED) this.drop(execution, 'does not hold the call any more');
      }
    }
  }

  private confirm(held: Held): void {
    held.missed = 0;
    if (held.confirmed) return;
    held.confirmed = true;
    this.unconfirmed -= 1;
    held.shared.confirmed?.();
  }

  private drop(execution: string, why: string): void {
    const held = this.held.get(execution);
    this.release(execution);
    held?.shared.lost(why);
  }
}

function keyOf({ topic, partition }: InstanceAddress): string {
  return `${topic}/${partition}`;
}
