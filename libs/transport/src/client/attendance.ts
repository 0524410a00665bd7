import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from '../link/link.js';
import { statusOfFailure } from './failure.js';

/** How long an answer is taken for true, in ms. */
export const ANSWER_COUNTS_MS = 1000;
/** How long a call is held back by the question, in ms; after that it goes its usual way. */
export const ANSWER_WITHIN_MS = 1000;

/** Whether a service has live instances, for callers who would rather fail than wait. */
export class Attendance {
  private answer: { members: number; at: number } | undefined;
  private asking: Promise<void> | undefined;

  /** `group` is the consumer group that the instances share the service's calls in. */
  constructor(
    private readonly link: Pick<Link, 'isOpen' | 'open' | 'driver'>,
    private readonly service: string,
    private readonly group: string,
  ) {}

  /**
   * Rejects UNAVAILABLE where nobody is there, and where Kafka is not reached within `timeoutMs`. Resolves where
   * somebody is, and where the cluster does not say: not knowing is no reason to fail. An answer holds for a second,
   * and whoever asks meanwhile shares one question.
   */
  async confirm(timeoutMs: number): Promise<void> {
    if (!this.link.isOpen) await this.open(timeoutMs);
    if (!this.isFresh()) {
      this.asking ??= this.ask();
      await this.asking;
    }
    if (!this.isFresh() || this.answer?.members !== 0) return;
    throw new ParleyException(
      'UNAVAILABLE',
      `no instance of ${this.service} is there: the group ${this.group} has no live member`,
    );
  }

  private async open(timeoutMs: number): Promise<void> {
    try {
      await this.link.open(timeoutMs);
    } catch (error) {
      throw ParleyException.of(statusOfFailure(error));
    }
  }

  private isFresh(): boolean {
    return this.answer !== undefined && performance.now() - this.answer.at < ANSWER_COUNTS_MS;
  }

  /** Never rejects. One that takes long goes on for the calls to come; those go their way meanwhile. */
  private ask(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ANSWER_WITHIN_MS);
      const settle = (answer: Attendance['answer']) => {
        clearTimeout(timer);
        this.answer = answer;
        this.asking = undefined;
        resolve();
      };
      this.link.driver.members(this.group).then(
        members => settle({ members, at: performance.now() }),
        () => settle(undefined),
      );
    });
  }
}
