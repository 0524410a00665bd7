import type { Figures, Usage } from '../scenario.js';
import type { Handled, Settings } from '../system.js';

/** What the server's process is asked. */
export type ServerQuestions = {
  start(parameter: { system: string; settings: Settings }): Promise<void>;
  usage(): Usage;
  handled(): Handled;
  /** Begins a CPU profile, and ends it into the file. */
  profile(): Promise<void>;
  writeProfile(file: string): Promise<void>;
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
  /** Where a CPU profile of the run goes; none is made without. */
  profile?: string;
}
