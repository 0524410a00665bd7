import type { Figures, Usage } from '../scenario.js';
import type { Handled, Settings } from '../system.js';

/** What the server's process is asked. */
export type ServerQuestions = {
  start(parameter: { system: string; settings: Settings }): Promise<void>;
  usage(): Usage;
  handled(): Handled;
  exit(): void;
};

/** What the callers' process is asked. */
export type CallerQuestions = {
  run(parameter: Run): Promise<Figures>;
  exit(): void;
};

/** What the callers' process asks about the server. */
export type BenchQuestions = {
  usage(): Promise<Usage>;
  handled(): Promise<Handled>;
};

export interface Run {
  system: string;
  scenario: string;
  settings: Settings;
  concurrency: number;
  countedMs: number;
}
