/** A call that should still be waiting for its answer. */
export class WaitingCall<T> {
  private outcome: string | undefined;

  constructor(readonly answer: Promise<T>) {
    answer.then(
      value => (this.outcome = JSON.stringify(value)),
      (error: unknown) => (this.outcome = String(error)),
    );
  }

  /** Throws an Error with the outcome where there is one already. */
  assertWaiting(): void {
    if (this.outcome !== undefined) throw new Error(`the call has ended already: ${this.outcome}`);
  }
}
