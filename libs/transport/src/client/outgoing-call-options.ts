import type { SharedExecution } from '../link/peer.js';
import type { AssemblyBudget } from '../link/assembly-budget.js';
import type { ReceiveBudget } from '../link/receive-budget.js';
import type { Codec } from '../wire/codec.js';
import type { AcceptFrame, AskFrame, ClientFrame } from '../wire/frame.js';

/** Where an execution can be told something: what an accept frame gives. */
export type ServerAddress = Pick<AcceptFrame, 'partition' | 'instance'>;

/** How a request is sent: the first time, and again for another execution. */
export interface RequestTerms {
  /** 1 for the first. */
  attempt: number;
  /** Items that have come already. */
  resumeFrom: number;
  /** Items the client is ready for, counted from the start of the call. */
  credit: number;
  creditBytes: number;
  /** How long the first item may take, in ms. */
  timeoutMs: number;
}

/** Who takes the reply: a Subscriber of RxJS, or a queue that is pulled from. */
export interface ReplyTaker<T> {
  next(value: T, bytes: number): void;
  error(error: unknown): void;
  complete(): void;
}

/** What goes with a request as its handler takes it. Once begun it is never sent to another execution. */
export interface RequestUpload {
  readonly begun: boolean;
  begin(ask: AskFrame): void;
}

export interface OutgoingCallOptions {
  callId: string;
  pattern: string;
  codec: Codec;
  /** Items that may be on their way at a time. */
  window: number;
  budget: ReceiveBudget;
  /** What an item may weigh, in bytes. */
  maxItemBytes: number;
  /** Room for the items that come in parts. */
  assembling: AssemblyBudget;
  /** How long the answer, or a stream's first item, may take, in ms. */
  timeoutMs: number;
  /** How long a stream may be silent between two items, in ms. Default: for ever, while its server lives. */
  idleTimeoutMs?: number | undefined;
  /** How long a stream may take in all, in ms. Default: for ever. */
  totalTimeoutMs?: number | undefined;
  /** The taker says by `taken` what it has taken; by default whatever was given to `next` is. */
  pulled?: boolean;
  /** Default: none. */
  upload?: RequestUpload | undefined;
  request(terms: RequestTerms): void;
  /** Sends a frame to the server that runs the call. */
  tell(server: ServerAddress, frame: ClientFrame): void;
  /** The server is expected to go on holding the execution: it is told to be lost where it does not. */
  hold(server: ServerAddress, execution: string, shared: SharedExecution): void;
  release(server: ServerAddress, execution: string): void;
  /** The call has ended, whatever way: nothing of it is held any more. */
  onEnded(): void;
}
