import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

/** Everything that was logged, thrown or told, as a person or a log collector would come to see it. */
export class Journal implements LoggerService {
  private readonly lines: string[] = [];

  readonly log = (...said: unknown[]): void => this.note(...said);
  readonly error = this.log;
  readonly warn = this.log;
  readonly debug = this.log;
  readonly verbose = this.log;
  readonly fatal = this.log;

  /** Errors with their causes, and whatever hangs on them. */
  readonly note = (...said: unknown[]): void => {
    for (const what of said)
      this.lines.push(typeof what === 'string' ? what : inspect(what, { depth: 12, showHidden: true }));
  };

  get text(): string {
    return this.lines.join('\n');
  }
}
