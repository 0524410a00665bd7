import { Logger } from '@nestjs/common';
import { DriverError } from '../drivers/driver.js';
import type { CommittedOffset, Driver, ReceivedRecord } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { statusOfDriverError } from '../link/driver-status.js';
import { Sender } from '../link/sender.js';
import { eventTopic, type EventTopicShape } from '../link/topics.js';
import { resolveServerOptions } from '../options/resolve-options.js';
import { lookAtDeadTopics, type DeadTopic, type TopicsOf } from './dead-topics.js';
import { keptLetter, placeOfId, type KeptLetter } from './letter.js';
import type {
  DeadLetterOfficeOptions,
  Listing,
  ListOptions,
  RedriveOptions,
  ShownLetter,
} from './office-options.js';
import { patiently } from './patience.js';
import { Progress } from './progress.js';
import { Redrive } from './redrive.js';
import { scan } from './scan.js';
import { selects, type Selection } from './selection.js';
import { summaryOf } from './summary.js';
import { Tally, type RedriveReport } from './tally.js';

const DEFAULT_LIMIT = 100;
/** What closing allows to what is still being sent, in ms. */
const DRAIN_MS = 5000;
const MOST_PER_SECOND = 1_000_000;

/**
 * The dead letters of a service: what its handlers gave up, kept until somebody looks at it. It makes no topics and
 * holds no inbox.
 *
 *     const dead = await DeadLetterOffice.open({ service: 'mailer', kafka: { brokers } });
 *     await dead.redrive({ topic: 'user.created', dryRun: false });
 *     await dead.close();
 */
export class DeadLetterOffice {
  private readonly sender: Sender;

  private constructor(
    private readonly driver: Driver,
    private readonly of: TopicsOf,
    private readonly events: EventTopicShape,
  ) {
    this.sender = new Sender(driver);
  }

  /** Raises TypeError for options that cannot be used; rejects UNAVAILABLE where no broker answers. */
  static async open(options: DeadLetterOfficeOptions): Promise<DeadLetterOffice> {
    const { link } = resolveServerOptions(options);
    const { service, names, kafka } = link;
    const clientId = `${service}-dead-letters`;
    const driver = link.driver({ ...kafka, clientId, instanceId: undefined }, new Logger('Parley'));
    try {
      await driver.connect();
    } catch (error) {
      await driver.close({ drainMs: 0 });
      throw asException(error);
    }
    const of = { service, names, prefix: options.prefix ?? '' };
    return new DeadLetterOffice(driver, of, link.topics.events);
  }

  /** The letters that are selected and were not redriven yet, of each partition the oldest first. Changes nothing. */
  async list({
    limit = DEFAULT_LIMIT,
    all = false,
    signal,
    onProgress,
    ...selection
  }: ListOptions = {}): Promise<Listing> {
    const listing: Listing = { letters: [], matched: 0, strangers: 0 };
    let looked = 0;
    await this.look(selection, signal, (record, redriven) => {
      onProgress?.((looked += 1));
      const letter = this.letterOf(record);
      if (!letter) listing.strangers += 1;
      else if (selects(selection, letter) && (all || !redriven)) {
        listing.matched += 1;
        if (listing.letters.length < limit) listing.letters.push(summaryOf(letter, redriven));
      }
    });
    return listing;
  }

  /** One letter whole, by the id that a listing gives it. Rejects NOT_FOUND; raises TypeError for what is no id. */
  async show(id: string): Promise<ShownLetter> {
    const { topic, partition, offset } = placeOfId(id);
    return asked(async () => {
      const extent = (await patiently(() => this.driver.extents(topic))).find(
        entry => entry.partition === partition,
      );
      let found: KeptLetter | undefined;
      if (extent && offset >= extent.start && offset < extent.end) {
        await scan(this.driver, { topic, partition, from: offset, to: extent.end }, record => {
          if (record.offset === offset) found = this.letterOf(record);
          return true;
        });
      }
      if (!extent || !found) {
        throw new ParleyException(
          'NOT_FOUND',
          `${id} is no dead letter of ${this.of.service}, or was deleted`,
        );
      }
      const [committed] = await this.committed([{ topic, partition }]);
      return { ...found, redriven: new Progress(extent.start, committed).isDone(offset) };
    });
  }

  /**
   * Puts letters back on the topics that they came from, for the handlers that gave them up; see RedriveOptions. What
   * was redriven is remembered in Kafka, as the committed offsets of the group `<prefix><service>.redrive`: a second
   * run leaves it out, also one after an interruption. A redrive that crashes may redrive the letters of its last half
   * second again; their event ids stay, so that a handler can tell.
   */
  async redrive({ dryRun = true, again = false, ...options }: RedriveOptions = {}): Promise<RedriveReport> {
    const { everyHandler = false, perSecond, limit, signal, onProgress, ...selection } = options;
    checkCount('perSecond', perSecond, MOST_PER_SECOND);
    checkCount('limit', limit, Number.MAX_SAFE_INTEGER);
    const { driver, sender, group } = this;
    if (dryRun) return this.rehearse({ selection, again }, { limit, signal, onProgress });
    return asked(async () => {
      const topics = await lookAtDeadTopics(driver, this.of, selection.topic);
      if (topics.length === 0) return new Tally({ selection, again }, false).report;
      const { events } = this;
      // Refused before anything is sent where a codec that events are to be sent by is not there.
      const origins = topics.map(({ origin }) => eventTopic(origin, events));
      await driver.ensureTopics(origins, 'none');
      const { service, names } = this.of;
      return new Redrive({
        driver,
        sender,
        group,
        service,
        names,
        topics,
        selection,
        again,
        everyHandler,
        events,
        perSecond,
        limit,
        signal,
        onProgress,
      }).whole();
    });
  }

  async close(): Promise<void> {
    await this.sender.close(DRAIN_MS);
    await this.driver.close({ drainMs: DRAIN_MS });
  }

  private async rehearse(
    verdicts: { selection: Selection; again: boolean },
    { limit = Infinity, signal, onProgress }: Pick<RedriveOptions, 'limit' | 'signal' | 'onProgress'>,
  ): Promise<RedriveReport> {
    const tally = new Tally(verdicts, true);
    await this.look(verdicts.selection, signal, (record, redriven) => {
      const letter = this.letterOf(record);
      if (!tally.judge(letter, redriven)) return false;
      if (tally.report.redriven >= limit) {
        tally.report.ended = 'limit';
        return true;
      }
      tally.redriven(summaryOf(letter, false));
      onProgress?.(tally.report);
      return false;
    });
    return tally.report;
  }

  /** Reads all dead letter topics that are meant, to the ends they have now, until `visit` says true. */
  private async look(
    { topic: wanted }: Selection,
    signal: AbortSignal | undefined,
    visit: (record: ReceivedRecord, redriven: boolean) => boolean | void,
  ): Promise<void> {
    await asked(async () => {
      const topics = await lookAtDeadTopics(this.driver, this.of, wanted);
      const committed = await this.committed(topics.flatMap(partitionsOf));
      for (const { topic, extents } of topics) {
        for (const { partition, start, end } of extents) {
          const progress = new Progress(start, standingOf(committed, topic, partition));
          let ended = false;
          const onRecord = (record: ReceivedRecord) =>
            (ended = visit(record, progress.isDone(record.offset)) === true);
          await scan(this.driver, { topic, partition, from: start, to: end }, onRecord, signal);
          if (ended) return;
        }
      }
    });
  }

  private committed(
    partitions: readonly { topic: string; partition: number }[],
  ): Promise<readonly CommittedOffset[]> {
    return patiently(() => this.driver.committed(this.group, partitions));
  }

  private letterOf(record: ReceivedRecord): KeptLetter | undefined {
    return keptLetter(record, this.of.service, this.of.names);
  }

  private get group(): string {
    return `${this.of.prefix}${this.of.service}.redrive`;
  }
}

function partitionsOf({ topic, extents }: DeadTopic): { topic: string; partition: number }[] {
  return extents.map(({ partition }) => ({ topic, partition }));
}

function standingOf(
  committed: readonly CommittedOffset[],
  topic: string,
  partition: number,
): CommittedOffset | undefined {
  return committed.find(entry => entry.topic === topic && entry.partition === partition);
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw asException(error);
  }
}

function asException(error: unknown): unknown {
  return error instanceof DriverError ? ParleyException.of(statusOfDriverError(error)) : error;
}

function checkCount(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isFinite(value) && value > 0 && value <= most)) return;
  throw new TypeError(`${name} must be a number above 0, ${most} at most; got ${value}`);
}
