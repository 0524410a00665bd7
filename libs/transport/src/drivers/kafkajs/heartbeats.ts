/** Sends heartbeats one after another: the next one `everyMs` after the last was answered. */
export class Heartbeats {
  private timer: NodeJS.Timeout | undefined;
  private beating = false;

  constructor(
    private readonly everyMs: number,
    /** Never rejects. */
    private readonly beat: () => Promise<void>,
  ) {}

  start(): void {
    if (this.beating) return;
    this.beating = true;
    this.schedule();
  }

  stop(): void {
    this.beating = false;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.beat().finally(() => {
        if (this.beating) this.schedule();
      });
    }, this.everyMs);
  }
}
