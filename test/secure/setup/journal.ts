import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import { inject } from 'vitest';
import { IN_TOKENS } from './credentials.js';
import { PASSWORD } from './users.js';

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

  /** What was said of names that begin so. */
  about(prefix: string): string {
    return this.text
      .split('\n')
      .filter(line => line.includes(prefix))
      .join('\n');
  }

  /** Of what nobody may see, what came to light all the same. */
  get leaked(): string[] {
    const { identities, stranger } = inject('secure');
    const keys = [...Object.values(identities), stranger].map(({ key }) => key.split('\n')[1]!);
    const passwords = [
      PASSWORD,
      Buffer.from(PASSWORD).toString('base64'),
      Buffer.from(PASSWORD).toString('hex'),
    ];
    const text = this.text.toLowerCase();
    return [...passwords, IN_TOKENS, ...keys].filter(secret => text.includes(secret.toLowerCase()));
  }
}
