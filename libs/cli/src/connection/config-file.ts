import type { DeadLetterOfficeOptions } from '@parley/transport';
import { readObjectFile } from '../object-file.js';
import { UsageError } from '../usage-error.js';

/** What a configuration file may hold: the options that services themselves are given, as far as commands need them. */
export type FileOptions = Partial<Omit<DeadLetterOfficeOptions, 'kafka'>> & {
  kafka?: Partial<DeadLetterOfficeOptions['kafka']>;
};

const KNOWN = ['service', 'kafka', 'prefix', 'routing', 'driver', 'topics'];

/** The object of a `.json` file, or the default export of a `.js` or `.mjs` module. Raises UsageError, without contents. */
export async function readConfigFile(path: string): Promise<FileOptions> {
  const options = await readObjectFile(path, `one with ${KNOWN.join(', ')}`);
  const unknown = Object.keys(options).find(name => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${path} has ${JSON.stringify(unknown)}, which is none of ${KNOWN.join(', ')}`);
  }
  return options;
}
