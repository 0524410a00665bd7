import type { ClientFrame, Frame, ServerFrame } from '../wire/frame.js';
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

/**
 * Leads each frame of the inbox to the call it names. A frame for a call that is not held is late, and dropped:
 * whoever ended the call has told the other side.
 */
export class FrameRouter {
  private readonly outgoing = new Map<string, ReplyReceiver>();
  private readonly ended = new Map<string, ReplyReceiver>();
  private readonly incoming = new Map<string, ControlReceiver>();

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

  /** A call that has ended here and may yet begin elsewhere. */
  addEnded(callId: string, receiver: ReplyReceiver): void {
    this.ended.set(callId, receiver);
  }

  removeEnded(callId: string): void {
    this.ended.delete(callId);
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
        default:
          (this.outgoing.get(frame.callId) ?? this.ended.get(frame.callId))?.receive(frame);
      }
    }
  }

  /** Ends every outgoing call, and forgets those that have ended. */
  abandonOutgoing(status: Status): void {
    for (const receiver of this.outgoing.values()) receiver.abandon(status);
    for (const receiver of this.ended.values()) receiver.abandon(status);
  }
}
