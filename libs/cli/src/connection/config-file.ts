import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DeadLetterOfficeOptions } from '@parley/transport';
import { UsageError } from '../usage-error.js';

/** What a configuration file may hold: the options that services themselves are given, as far as commands need them. */
export type FileOptions = Partial<Omit<DeadLetterOfficeOptions, 'kafka'>> & {
  kafka?: Partial<DeadLetterOfficeOptions['kafka']>;
};

const KNOWN = ['service', 'kafka', 'prefix', 'routing', 'driver', 'topics'];

/** The object of a `.json` file, or the default export of a `.js` or `.mjs` module. Raises UsageError, without contents. */
export async function readConfigFile(path: string): Promise<FileOptions> {
  const options = path.endsWith('.json') ? await parsed(path) : await imported(path);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new UsageError(`${path} holds no object: it needs one with ${KNOWN.join(', ')}`);
  }
  const unknown = Object.keys(options).find(name => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${path} has ${JSON.stringify(unknown)}, which is none of ${KNOWN.join(', ')}`);
  }
  return options;
}

async function parsed(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says would quote the file, which may hold secrets.
    throw new UsageError(`${path} is not JSON`);
  }
}

async function imported(path: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    throw new UsageError(`${path} cannot be imported: ${(error as Error).message}`);
  }
}
