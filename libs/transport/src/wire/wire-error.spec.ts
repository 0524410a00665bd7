import { expect, it } from 'vitest';
import { WireError } from './wire-error.js';

it('a WireError has no stack, and leaves those of others alone', () => {
  const cause = new Error('cause');
  const error = new WireError('wrong', { cause });
  expect(error).toMatchObject({ name: 'WireError', message: 'wrong', cause });
  expect(error.stack).not.toContain('\n');
  expect(new Error('next').stack).toContain('wire-error.spec');
});
