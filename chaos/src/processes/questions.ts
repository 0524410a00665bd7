import type { Sample } from '@parley/tools/processes';
import type { LoadOptions } from '../load/load.js';
import type { CommonOptions } from '../services/service.js';

/** What every process of the run is told at its start. */
export interface Start {
  options: CommonOptions;
  /** The file that it writes its journal to. */
  journal: string;
}

/** What a server's process is asked. On SIGTERM it closes in order. */
export type ServerQuestions = {
  /** Resolves once its services take what they are sent. */
  start(start: Start): Promise<void>;
  sample(): Sample;
  /** What it has not done with; nothing, where it is at rest and well. */
  underWay(): string[];
  exit(): void;
};

/** What a caller's process is asked. On SIGTERM it closes in order, whatever calls are open. */
export type CallerQuestions = {
  /** Resolves once it is connected. */
  start(start: Start & { load: LoadOptions }): Promise<void>;
  begin(): void;
  /** Ends the load; resolves with how many calls and events have not ended although it is long since their time. */
  stop(): Promise<number>;
  /** Writes down that all that this process did was in order. */
  over(): void;
  sample(): Sample;
  /** What it has not done with; nothing, where it is at rest and well. */
  underWay(): string[];
  exit(): void;
};
