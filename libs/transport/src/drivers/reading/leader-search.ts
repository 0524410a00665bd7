import { Backoff } from '../timing/backoff.js';
import type { ReadPositions } from './read-positions.js';

const FIRST_MS = 50;
/** An election takes about a second; what a search sleeps beyond its end, every reader's caller waits for. */
const LONGEST_MS = 200;

export interface LeaderSearchOptions {
  positions: Pick<ReadPositions, 'anyLost' | 'lookAgainInMs' | 'findLost'>;
  /** Some may have been found. */
  onLooked: () => void;
  onError: (error: unknown) => void;
}

/**
 * Looks for the leaders of partitions that have none, again and again until each has one: soon after one was lost,
 * and seldom for those that the cluster does not know.
 */
export class LeaderSearch {
  private readonly backoff = new Backoff(FIRST_MS, LONGEST_MS);
  private timer: NodeJS.Timeout | undefined;
  /** The timer is for partitions that the cluster may know. */
  private isSoon = false;
  private looking = 0;
  private closed = false;

  constructor(private readonly options: LeaderSearchOptions) {}

  /** Looks in a while, where any partition has no leader. */
  begin(): void {
    const { positions } = this.options;
    if (this.closed || this.looking > 0 || !positions.anyLost) return;
    const { lookAgainInMs } = positions;
    if (this.timer && (this.isSoon || lookAgainInMs > 0)) return;
    clearTimeout(this.timer);
    this.isSoon = lookAgainInMs === 0;
    this.timer = setTimeout(() => void this.look(), Math.max(lookAgainInMs, this.backoff.take()));
  }

  /** Looks now, for what is not being looked for already. */
  async look(): Promise<void> {
    const { positions, onLooked, onError } = this.options;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.looking++;
    await positions.findLost().catch(onError);
    this.looking--;
    if (this.closed) return;
    onLooked();
    this.begin();
  }

  /** All is read again: the next search after a failure begins soon. */
  settled(): void {
    this.backoff.reset();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
