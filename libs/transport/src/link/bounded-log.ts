import { Logger } from '@nestjs/common';

/** Lines of one kind that are written within a second; what comes beyond is counted. */
export const LINES_A_SECOND = 5;
/** What of a line is written: it may quote what others sent. */
export const MAX_LINE_LENGTH = 2000;
const SECOND_MS = 1000;

/** What was said of one kind within the second that runs. */
interface Kind {
  since: number;
  lines: number;
  /** What is only counted, and how the last of it reads. */
  more: number;
  last: string;
  /** Runs while there is something to add up, and ends by itself. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * A log for what others cause, who may do so any number of times: of each kind five lines a second are written, and
 * then how many more there were, with the last of them. A kind is a matter of the code, never of what came in.
 */
export class BoundedLog {
  private readonly kinds = new Map<string, Kind>();

  constructor(private readonly logger: Pick<Logger, 'warn' | 'error'> = new Logger('Parley')) {}

  warn(kind: string, message: string): void {
    if (this.admit(kind, message, 'warn')) this.logger.warn(cut(message));
  }

  error(kind: string, message: string, stack?: string): void {
    if (this.admit(kind, message, 'error')) this.logger.error(cut(message), stack && cut(stack));
  }

  private admit(name: string, message: string, level: 'warn' | 'error'): boolean {
    const now = performance.now();
    let kind = this.kinds.get(name);
    if (!kind) this.kinds.set(name, (kind = { since: now, lines: 0, more: 0, last: '', timer: undefined }));
    if (!kind.timer && now - kind.since >= SECOND_MS) {
      kind.since = now;
      kind.lines = 0;
    }
    kind.lines += 1;
    if (kind.lines <= LINES_A_SECOND) return true;
    kind.more += 1;
    kind.last = message;
    if (!kind.timer) {
      kind.timer = setTimeout(() => this.addUp(kind, level), kind.since + SECOND_MS - now);
      kind.timer.unref();
    }
    return false;
  }

  private addUp(kind: Kind, level: 'warn' | 'error'): void {
    const { more, last } = kind;
    kind.timer = undefined;
    kind.more = 0;
    this.logger[level](`${more} more like it within a second, the last: ${cut(last)}`);
  }
}

function cut(text: string): string {
  return text.length > MAX_LINE_LENGTH ? `${text.slice(0, MAX_LINE_LENGTH)}…` : text;
}
