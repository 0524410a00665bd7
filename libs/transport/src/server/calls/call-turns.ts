import type { Park } from '../../consume/lanes.js';
import { Turnstile } from '../turnstile.js';

/** What may wait for one handler. */
export interface WaitingRoom {
  calls: number;
  /** Of their data, on top of a first call's, whatever that weighs. */
  bytes: number;
}

/** One call's wait. */
export interface CallWait {
  /** Its data's weight. */
  bytes: number;
  /** How long its caller waits, in ms. */
  withinMs: number;
  room: WaitingRoom;
  /** Lends its slot meanwhile. */
  park: Park;
}

/** Why a call had no turn: too many wait, its caller has given up, or this process stops. */
export type NoTurn = 'full' | 'expired' | 'withdrawn';

/**
 * The turns of a handler that runs only so many calls at a time. Those beyond wait, in order, without a slot and without
 * counting against their partition, so that no other handler's calls wait with them; so what waits is bounded here.
 */
export class CallTurns {
  private readonly turnstile: Turnstile;
  private readonly withdrawals = new Set<() => void>();
  private withdrawn = false;
  private bytes = 0;

  constructor(concurrency: number) {
    this.turnstile = new Turnstile(concurrency);
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.turnstile.waiting;
  }

  /** Runs a call in its turn; resolves with why it had none. Rejects as `park` and the work do. */
  async run(wait: CallWait, work: () => Promise<void>): Promise<NoTurn | undefined> {
    if (!this.turnstile.pass()) {
      const missed = await this.turn(wait);
      if (missed) return missed;
    }
    try {
      await work();
    } finally {
      this.turnstile.leave();
    }
    return undefined;
  }

  /** This process stops: nobody who waits gets a turn any more. */
  withdraw(): void {
    this.withdrawn = true;
    for (const withdraw of this.withdrawals) withdraw();
  }

  private async turn({ bytes, withinMs, room, park }: CallWait): Promise<NoTurn | undefined> {
    if (this.withdrawn) return 'withdrawn';
    if (this.waiting >= room.calls || (this.bytes > 0 && this.bytes + bytes > room.bytes)) return 'full';
    this.bytes += bytes;
    let entered = false;
    const turn = this.wait(withinMs).then(missed => {
      entered = missed === undefined;
      return missed;
    });
    try {
      return await park(turn);
    } catch (error) {
      if (entered) this.turnstile.leave();
      throw error;
    } finally {
      this.bytes -= bytes;
    }
  }

  private wait(withinMs: number): Promise<NoTurn | undefined> {
    return new Promise(resolve => {
      const end = (missed?: NoTurn) => {
        clearTimeout(timer);
        this.withdrawals.delete(withdraw);
        giveUp();
        resolve(missed);
      };
      const giveUp = this.turnstile.wait(() => end());
      const timer = setTimeout(() => end('expired'), withinMs);
      const withdraw = () => end('withdrawn');
      this.withdrawals.add(withdraw);
    });
  }
}
