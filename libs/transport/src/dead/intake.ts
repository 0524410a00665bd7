import type { ReceivedRecord } from '../drivers/driver.js';

/** What may wait before reading pauses; from half of it on reading goes on. A fetch that is under way comes on top. */
const MOST_RECORDS = 1000;
const MOST_BYTES = 8 * 1024 * 1024;

/** Records that were read and not looked at yet, with the share that each is of; in the order they came. */
export class Intake<Share> {
  private waiting: { share: Share; record: ReceivedRecord }[] = [];
  private bytes = 0;

  get isFull(): boolean {
    return this.waiting.length >= MOST_RECORDS || this.bytes >= MOST_BYTES;
  }

  get hasRoom(): boolean {
    return this.waiting.length <= MOST_RECORDS / 2 && this.bytes <= MOST_BYTES / 2;
  }

  add(share: Share, record: ReceivedRecord): void {
    this.waiting.push({ share, record });
    this.bytes += record.value?.length ?? 0;
  }

  next(): { share: Share; record: ReceivedRecord } | undefined {
    const next = this.waiting.shift();
    this.bytes -= next?.record.value?.length ?? 0;
    return next;
  }
}
