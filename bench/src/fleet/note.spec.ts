import { expect, it } from 'vitest';
import { noteOf } from './note.js';

it('says what there is to say, and the errors with their number', () => {
  expect(noteOf('slow', false, '', new Map([['gone', 3]]), 'late')).toBe('slow; 3x gone; late');
  expect(noteOf(false, '', new Map())).toBe('');
});
