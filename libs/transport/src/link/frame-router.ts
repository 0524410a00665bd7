import type { AcceptFrame, ClientFrame, Frame, PulseFrame, ServerFrame } from '../wire/frame.js';
import type { Status } from '../wire/status.js';

/** The client side of a call. */
export interface ReplyReceiver {
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
  /** An execution of a call that has ended here. */
  onStrayAccept(frame: AcceptFrame): void;
}

/** Leads each frame of the inbox to the call it names. Other frames for a call that is not held are late, and dropped. */
export class FrameRouter {
  private readonly outgoing = new Map<string, ReplyReceiver>();
  private readonly incoming = new Map<string, ControlReceiver>();

  constructor(private readonly events: FrameRouterEvents) {}

  get pendingCalls(): number {
    return this.outgoing.size;
  }

  get runningCalls(): number {
    return this.incoming.size;
  }

  addOutgoing(callId: string, receiver: ReplyReceiver): void {
    this.outgoing.set(callId, receiver);
  }

  removeOutgoing(callId: string): void {
    this.outgoing.delete(callId);
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
          else if (frame.kind === 'accept') this.events.onStrayAccept(frame);
        }
      }
    }
  }

  /** Ends every outgoing call. */
  abandonOutgoing(status: Status): void {
    for (const receiver of this.outgoing.values()) receiver.abandon(status);
  }
}
