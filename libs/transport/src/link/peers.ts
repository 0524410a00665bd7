import type { PulseFrame, Role } from '../wire/frame.js';
import type { InstanceAddress } from '../wire/header.js';
import { Peer, type SharedExecution } from './peer.js';

export interface PeersOptions {
  instance: string;
  /** How long between two pulses, in ms. */
  intervalMs: number;
  /** Sends a pulse as one of the frames for that instance. */
  post(to: InstanceAddress, pulse: PulseFrame): void;
  /** Whether what peers send is being read at the moment. */
  listening(): boolean;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/**
 * The instances that this one holds executions together with, as their client or as their server. Each tells the
 * others regularly which executions it holds. A peer that stays silent for three intervals is gone, and so is an
 * execution that a peer's lists leave out: whoever holds it is told.
 *
 * Silence is judged fairly: only while this instance's own inbox is read and its event loop runs. After a pause of
 * its own the time starts anew.
 */
export class Peers {
  private readonly peers = new Map<string, Peer>();
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private lastTurn = 0;

  constructor(private readonly options: PeersOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  get size(): number {
    return this.peers.size;
  }

  /** From now on the peer is expected to hold the execution too. `role` is that of this instance. */
  hold(role: Role, address: InstanceAddress, execution: string, shared: SharedExecution): void {
    const key = keyOf(role, address.instance);
    let peer = this.peers.get(key);
    if (!peer) {
      peer = new Peer(role, this.options.intervalMs, this.now());
      this.peers.set(key, peer);
      this.run();
    }
    peer.hold(execution, address, shared, this.now());
  }

  /** The execution has ended, or is none of this instance's any more. */
  release(role: Role, instance: string, execution: string): void {
    const key = keyOf(role, instance);
    const peer = this.peers.get(key);
    if (!peer) return;
    peer.release(execution);
    if (peer.empty) this.forget(key, peer);
  }

  receive(pulse: PulseFrame): void {
    const key = keyOf(pulse.role === 'client' ? 'server' : 'client', pulse.instance);
    const peer = this.peers.get(key);
    if (!peer) return;
    peer.receive(pulse, this.now());
    if (peer.empty) this.forget(key, peer);
  }

  /** Forgets all, telling nobody. */
  close(): void {
    this.peers.clear();
    this.rest();
  }

  private run(): void {
    if (this.timer) return;
    this.lastTurn = this.now();
    this.timer = setInterval(() => this.turn(), this.options.intervalMs);
    this.timer.unref();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private turn(): void {
    const now = this.now();
    const fair = now - this.lastTurn < 2 * this.options.intervalMs && this.options.listening();
    this.lastTurn = now;
    for (const [key, peer] of this.peers) {
      if (!fair) peer.listenAnew(now);
      peer.loseUnheard(now);
      if (peer.empty) {
        this.forget(key, peer);
        continue;
      }
      const pulse = peer.pulse(this.options.instance);
      for (const address of peer.addresses) this.options.post(address, pulse);
    }
  }

  /** What is told of a loss may have taken up with the peer anew. */
  private forget(key: string, peer: Peer): void {
    if (this.peers.get(key) === peer) this.peers.delete(key);
    if (this.peers.size === 0) this.rest();
  }
}

function keyOf(role: Role, instance: string): string {
  return `${role} ${instance}`;
}
