/**
 * A loop that goes on for as long as its owner is open: each turn ends within seconds, whether Kafka answers or not. One
 * that is not idle and turns no more will not do so by itself.
 */
export interface LoopHealth {
  /** Unique in the process: `inbox tail of a.inbox`. */
  name: string;
  /** Counts up whenever it asks something of Kafka, has an answer, or has none in time. */
  turns: number;
  /** There is nothing to ask for, or what was asked has others to wait for, in a time that is not over. */
  idle: boolean;
}
