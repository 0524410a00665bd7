/** Values of one attribute that figures tell apart; what comes after is told as `_OTHER`, so that they stay few. */
export const MAX_KNOWN_VALUES = 500;

/** Keeps what a process's own patterns and topics may grow to within bounds: some programs make them up as they run. */
export class KnownValues {
  private readonly known = new Set<string>();

  constructor(private readonly most = MAX_KNOWN_VALUES) {}

  told(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.most) return '_OTHER';
    this.known.add(value);
    return value;
  }
}
