import type { ClientFrame, Frame, PulseFrame, ServerFrame } from '../wire/frame.js';
import type { Status } from '../wire/status.js';
import { CallSet } from './call-set.js';

/** The client side of a call. */
export interface ReplyReceiver {
  /** Whether it is known who runs it, so that ending it reaches them. */
  readonly placed: boolean;
  receive(frame: ServerFrame): void;
  /** Replies to it may have been lost, or can come no more. */
  abandon(status: Status): void;
}

/** The server side of a call. */
export interface ControlReceiver {
  receive(frame: ClientFrame): void;
}

export interface FrameRouterEvents {
  onPulse(frame: PulseFrame): void;
  /** Of an execution of a call that has ended here. */
  onStray(frame: ServerFrame): void;
}

/** Leads each frame of the inbox to the call it names. */
export class FrameRouter {
  private readonly outgoing = new Map<string, ReplyReceiver>();
  private readonly incoming = new Map<string, ControlReceiver>();
  /** Outgoing calls that a handler of this process waits for. */
  private readonly nested = new CallSet();

  constructor(private readonly events: FrameRouterEvents) {}

  get pendingCalls(): number {
    return this.outgoing.size;
  }

  get runningCalls(): number {
    return this.incoming.size;
  }

  /** `nested`: a handler of this process made the call, and has callers of its own. */
  addOutgoing(callId: string, receiver: ReplyReceiver, nested = false): void {
    this.outgoing.set(callId, receiver);
    if (nested) this.nested.add(callId);
  }

  removeOutgoing(callId: string): void {
    this.outgoing.delete(callId);
    this.nested.delete(callId);
  }

  addIncoming(execution: string, receiver: ControlReceiver): void {
    this.incoming.set(execution, receiver);
  }

  removeIncoming(execution: string): void {
    this.incoming.delete(execution);
  }

  /** Returns whether any of the calls that are held now is still held. */
  mark(): () => boolean {
    let outgoing = [...this.outgoing.keys()];
    let incoming = [...this.incoming.keys()];
    return () => {
      outgoing = outgoing.filter(callId => this.outgoing.has(callId));
      incoming = incoming.filter(execution => this.incoming.has(execution));
      return outgoing.length + incoming.length > 0;
    };
  }

  route(frames: readonly Frame[]): void {
    for (const frame of frames) {
      switch (frame.kind) {
        case 'credit':
        case 'cancel':
          this.incoming.get(frame.execution)?.receive(frame);
          break;
        case 'pulse':
          this.events.onPulse(frame);
          break;
        default: {
          const call = this.outgoing.get(frame.callId);
          if (call) call.receive(frame);
          else this.events.onStray(frame);
        }
      }
    }
  }

  /** Resolves once no handler of this process waits for a call any more, or after `timeoutMs`. */
  handlersAnswered(timeoutMs: number): Promise<void> {
    return this.nested.whenEmpty(timeoutMs);
  }

  /** Ends every outgoing call. Returns those of which it is not known who runs them. */
  abandonOutgoing(status: Status): Set<string> {
    const unplaced = new Set<string>();
    for (const [callId, receiver] of this.outgoing) {
      if (!receiver.placed) unplaced.add(callId);
      receiver.abandon(status);
    }
    return unplaced;
  }
}
