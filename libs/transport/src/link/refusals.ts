import type { DriverError } from '../drivers/driver.js';

/** How long a refusal that lasts is not told again, in ms. */
const TELL_EVERY_MS = 60_000;
/** More are forgotten, and told again. */
const MOST_REMEMBERED = 1000;

/**
 * What brokers refuse for good, such as records for a topic that this process may not write. Told when it begins and then
 * once a minute, however many records it concerns.
 */
export class Refusals {
  private readonly toldAt = new Map<string, number>();

  constructor(
    private readonly tell: (message: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(topic: string, { code, message }: Pick<DriverError, 'code' | 'message'>): void {
    const key = `${topic} ${code ?? message}`;
    const now = this.now();
    if (now - (this.toldAt.get(key) ?? -Infinity) < TELL_EVERY_MS) return;
    if (this.toldAt.size >= MOST_REMEMBERED) this.toldAt.clear();
    this.toldAt.set(key, now);
    this.tell(`Kafka refuses what is sent to ${topic}: ${message}`);
  }
}
