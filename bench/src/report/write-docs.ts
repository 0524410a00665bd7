import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { markdown } from './markdown.js';
import { plot } from './plot.js';
import type { Report } from './report.js';

const FOLDER = fileURLToPath(new URL('../../../docs/bench/', import.meta.url));

/** Writes the report's page and its plot into docs/bench, formatted as the checks want them. */
export async function writeDocs(report: Report): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const page = join(FOLDER, 'results.md');
  await writeFile(page, await format(markdown(report), { parser: 'markdown' }));
  await writeFile(join(FOLDER, 'results.svg'), plot(report.rows));
  return page;
}
