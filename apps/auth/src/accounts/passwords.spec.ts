import { describe, expect, it } from 'vitest';
import { Passwords } from './passwords.js';

describe('Passwords', () => {
  const passwords = new Passwords();

  it('matches the password it hashed and no other', async () => {
    const hash = await passwords.hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$/);
    await expect(passwords.match('correct horse', hash)).resolves.toBe(true);
    await expect(passwords.match('correct horsf', hash)).resolves.toBe(false);
  });

  it('matches nothing where there is no account, not even its decoy', async () => {
    await expect(passwords.match('no password has this hash', undefined)).resolves.toBe(false);
  });
});
