import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

/** Hashes passwords with argon2id, on threads of its own. */
@Injectable()
export class Passwords {
  private readonly decoy = hash('no password has this hash');

  hash(password: string): Promise<string> {
    return hash(password);
  }

  /** Takes the same time where there is no hash, so that the time does not tell which names exist. */
  async match(password: string, passwordHash: string | undefined): Promise<boolean> {
    const matches = await verify(passwordHash ?? (await this.decoy), password);
    return matches && passwordHash !== undefined;
  }
}
