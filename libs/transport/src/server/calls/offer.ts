import type { ControlReceiver } from '../../link/frame-router.js';
import type { SharedExecution } from '../../link/peer.js';
import type { ClientFrame, CreditFrame } from '../../wire/frame.js';

export interface OfferOptions {
  /** How long the client may take, in ms. */
  withinMs: number;
  /** The client wants it run. */
  onTaken(credit: CreditFrame): void;
  /** The client is gone, has its answer, or has given up. */
  onDeclined(): void;
  /** This process stops before the client has said anything. */
  onWithdrawn(): void;
}

/**
 * A request that may have run before, on a server that died: its client is asked first. One that is gone, or was
 * answered in time, has it dropped.
 */
export class Offer implements ControlReceiver, SharedExecution {
  private readonly timer: NodeJS.Timeout;
  private settled = false;

  constructor(private readonly options: OfferOptions) {
    this.timer = setTimeout(() => this.lost(), options.withinMs);
  }

  receive(frame: ClientFrame): void {
    if (frame.kind === 'credit') this.settle(() => this.options.onTaken(frame));
    else this.lost();
  }

  lost(): void {
    this.settle(() => this.options.onDeclined());
  }

  /** This process stops: Kafka gives the request to another server. */
  withdraw(): void {
    this.settle(() => this.options.onWithdrawn());
  }

  private settle(then: () => void): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    then();
  }
}
