/** How a call ended. `wrong`: with the answer to another question; `repeated`: with more than one answer. */
export const OUTCOMES = ['lost', 'answered', 'failed', 'wrong', 'repeated'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The calls of one process, a column each, by their number: what goes over the IPC channel. */
export interface CallRecords {
  /** Which caller of the process made it. */
  caller: Uint16Array;
  /** When it was made and when it ended, in milliseconds of the machine's clock. */
  askedAt: Float64Array;
  endedAt: Float64Array;
  /** An index into OUTCOMES. A call that never ended counts as lost. */
  outcome: Uint8Array;
}

const FIRST_ROOM = 4_096;

/** Writes down every call that one process makes. */
export class CallLog {
  #caller = new Uint16Array(FIRST_ROOM);
  #askedAt = new Float64Array(FIRST_ROOM);
  #endedAt = new Float64Array(FIRST_ROOM).fill(NaN);
  #outcome = new Uint8Array(FIRST_ROOM);
  #length = 0;

  /** Returns the call's number: 0 for the first. */
  asked(caller: number, at: number): number {
    const number = this.#length++;
    if (number === this.#caller.length) this.#grow();
    this.#caller[number] = caller;
    this.#askedAt[number] = at;
    return number;
  }

  ended(number: number, at: number, outcome: Outcome): void {
    this.#endedAt[number] = at;
    this.#outcome[number] = OUTCOMES.indexOf(outcome);
  }

  read(): CallRecords {
    return {
      caller: this.#caller.slice(0, this.#length),
      askedAt: this.#askedAt.slice(0, this.#length),
      endedAt: this.#endedAt.slice(0, this.#length),
      outcome: this.#outcome.slice(0, this.#length),
    };
  }

  #grow(): void {
    const room = this.#caller.length * 2;
    const [caller, askedAt, endedAt, outcome] = [this.#caller, this.#askedAt, this.#endedAt, this.#outcome];
    this.#caller = new Uint16Array(room);
    this.#askedAt = new Float64Array(room);
    this.#endedAt = new Float64Array(room).fill(NaN);
    this.#outcome = new Uint8Array(room);
    this.#caller.set(caller);
    this.#askedAt.set(askedAt);
    this.#endedAt.set(endedAt);
    this.#outcome.set(outcome);
  }
}

export function outcomeOf(records: CallRecords, number: number): Outcome {
  return OUTCOMES[records.outcome[number] ?? 0] ?? 'lost';
}

export function isAnswer(outcome: Outcome): boolean {
  return outcome === 'answered' || outcome === 'repeated';
}
