/** Something that must never be. */
export interface Violation {
  rule: string;
  /** What was seen, with the ids that find it in the journals. */
  what: string;
  /** The process that saw it. */
  process?: string;
  /** When it began and when it was seen, in ms of the machine's clock. */
  from?: number;
  until?: number;
}
