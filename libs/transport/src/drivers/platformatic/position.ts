/** Stands for the first offset of a log, whatever it is by the time it is read. */
export const LOG_START = -1;

/** Where the reading of one partition stands. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Handed on with its records: the assignment they belong to, 0 for tails. */
  readonly epoch: number;
  /** The next offset to read, or LOG_START. */
  offset: number;
  /** The broker it is read from; undefined while its leader has to be found. */
  leader: number | undefined;
  /** Whether its last fetch was answered. */
  answered: boolean;
  /** The leader refused the offset: it is judged anew once there is a leader to ask. */
  outOfRange: boolean;
  paused: boolean;
}

export function positionAt(
  where: { topic: string; partition: number; epoch: number },
  offset: number,
  leader?: number,
): Position {
  const { topic, partition, epoch } = where;
  const outOfRange = offset === LOG_START;
  const known = outOfRange || leader === undefined || leader < 0 ? undefined : leader;
  return {
    topic,
    partition,
    epoch,
    offset,
    leader: known,
    answered: known !== undefined,
    outOfRange,
    paused: false,
  };
}

export function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${partition}:${topic}`;
}
