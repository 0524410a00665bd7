import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './usage-error.js';

/**
 * The object of a `.json` file, or the default export of a `.js` or `.mjs` module; `needs` says what it has to hold.
 * Raises UsageError, without contents: they may be secret.
 */
export async function readObjectFile(path: string, needs: string): Promise<object> {
  const value = path.endsWith('.json') ? await parsed(path) : await imported(path);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${path} holds no object: it needs ${needs}`);
  return value;
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
    // What the parser says would quote the file.
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
