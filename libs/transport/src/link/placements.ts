/** A record that waits for its partition. */
interface Waiting {
  /** What to do with it, once its partition is known or cannot be. */
  settle: (() => void) | undefined;
}

interface Line {
  waiting: Waiting[];
  /** The first that is not settled. */
  head: number;
}

/**
 * Records whose partitions are looked up: those of a topic go on in the order in which they came, whichever lookup ends
 * first. One that has to make its topic would else be overtaken by a later one of its key, which finds it made.
 */
export class Placements {
  private readonly lines = new Map<string, Line>();

  /** Exactly one of the two is called, once, behind those that came before of the topic. */
  place(
    topic: string,
    partition: Promise<number>,
    placed: (partition: number) => void,
    failed: (error: unknown) => void,
  ): void {
    let line = this.lines.get(topic);
    if (!line) this.lines.set(topic, (line = { waiting: [], head: 0 }));
    const one: Waiting = { settle: undefined };
    line.waiting.push(one);
    partition.then(
      known => this.settle(topic, one, () => placed(known)),
      (error: unknown) => this.settle(topic, one, () => failed(error)),
    );
  }

  private settle(topic: string, one: Waiting, settle: () => void): void {
    one.settle = settle;
    const line = this.lines.get(topic)!;
    for (let next = line.waiting[line.head]; next?.settle; next = line.waiting[line.head]) {
      line.head += 1;
      next.settle();
    }
    if (line.head === line.waiting.length) this.lines.delete(topic);
  }
}
