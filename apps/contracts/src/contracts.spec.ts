import { describe, expect, it } from 'vitest';
import { CreateAccount, SignUp } from './index.js';

const id = '0b9e7a52-6f0c-4d0f-9a53-7e9d3a3c1c11';
const fieldsOf = (input: unknown): PropertyKey[] =>
  SignUp.safeParse(input).error?.issues.map(issue => issue.path[0] ?? '') ?? [];

describe('SignUp', () => {
  it('accepts the shortest and the longest of each field', () => {
    expect(fieldsOf({ id, name: 'abc', password: 'x'.repeat(8) })).toEqual([]);
    expect(
      fieldsOf({ id, name: `a${'_'.repeat(29)}`, password: 'x'.repeat(128), displayName: 'd'.repeat(60) }),
    ).toEqual([]);
  });

  it.each([
    [{ id, name: 'ab', password: 'longenough' }, ['name']],
    [{ id, name: '<script>', password: 'longenough' }, ['name']],
    [{ id, name: 'Ada', password: 'longenough' }, ['name']],
    [{ id, name: 'ada', password: 'short' }, ['password']],
    [{ id, name: 'ada', password: 'x'.repeat(129) }, ['password']],
    [{ id, name: 'ada', password: 'longenough', displayName: '  ' }, ['displayName']],
    [{ id: '1', name: 1 }, ['id', 'name', 'password']],
  ])('names the field that is wrong: %j', (input, fields) => {
    expect(fieldsOf(input)).toEqual(fields);
  });
});

describe('CreateAccount', () => {
  it('drops what it does not know', () => {
    expect(CreateAccount.parse({ id, name: 'ada', password: 'longenough', admin: true })).not.toHaveProperty(
      'admin',
    );
  });
});
