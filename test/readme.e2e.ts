import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import ts from 'typescript';
import { afterAll, describe, expect, inject, it } from 'vitest';

const README = new URL('../README.md', import.meta.url);
/** Beside the tests, so that it finds the packages as any application would. */
const SCRIPT = new URL(`./readme-example-${randomBytes(4).toString('hex')}.mjs`, import.meta.url);

describe('the README', () => {
  afterAll(() => rm(SCRIPT, { force: true }));

  it('has an example that runs as printed', async () => {
    const readme = await readFile(README, 'utf8');
    const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    const { outputText } = ts.transpileModule(example, {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
      },
    });
    await writeFile(SCRIPT, outputText);
    const run = execa('node', [SCRIPT.pathname], {
      env: { KAFKA_BROKERS: inject('brokers') },
      timeout: 20_000,
      reject: false,
    });
    for await (const line of run) {
      if (line.includes('Hello, Ada!')) run.kill('SIGTERM');
    }
    expect((await run).stdout).toContain('Hello, Ada!');
  });
});
