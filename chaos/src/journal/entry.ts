import type { Question } from '../load/question.js';
import type { Run } from '../load/receipt.js';

/** `at` is milliseconds of the machine's clock, which all processes share. */
interface Timed {
  at: number;
}

/** A call was made. */
export interface Asked extends Timed {
  is: 'asked';
  question: Question;
  /** Its deadline: for its answer, or for the first item of a stream. */
  withinMs: number;
}

/** A call ended: with a status where it failed. */
export interface Ended extends Timed {
  is: 'ended';
  call: string;
  /** Of a call that is no stream: everything that came. */
  answers?: string[];
  /** Of a stream. */
  runs?: Run[];
  strays?: string[];
  status?: string;
  message?: string;
}

/** Which event it is: the n-th of its key, counted from 0. */
export interface EventId {
  key: string;
  n: number;
}

export interface Acknowledged extends Timed, EventId {
  is: 'acknowledged';
  partition: number;
  offset: number;
}

/** An event that was not acknowledged; it may be there all the same. */
export interface Refused extends Timed, EventId {
  is: 'refused';
  status: string;
  message: string;
}

/** A service's handler has done with an event. */
export interface Handled extends Timed, EventId {
  is: 'handled';
  service: string;
}

/** A caller's load was over in order: it was told to stop, and waited for its calls for as long as they may take. */
export interface Over extends Timed {
  is: 'over';
}

/** What a process writes down. */
export type Entry = Asked | Ended | Acknowledged | Refused | Handled | Over;
