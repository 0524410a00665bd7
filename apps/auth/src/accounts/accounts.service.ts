import { ConflictException, Injectable, UnauthorizedException } from '@nestjs/common';
import type { Account, CreateAccount, LogIn } from '@parley-apps/contracts';
import { type Database, InjectDatabase } from '@parley-apps/postgres';
import { eq } from 'drizzle-orm';
import { accounts } from './accounts.table.js';
import { Passwords } from './passwords.js';

@Injectable()
export class AccountsService {
  constructor(
    @InjectDatabase() private readonly database: Database,
    private readonly passwords: Passwords,
  ) {}

  /** Throws a ConflictException when another account has the name. */
  async create({ id, name, password }: CreateAccount): Promise<Account> {
    const passwordHash = await this.passwords.hash(password);
    const [created] = await this.database
      .insert(accounts)
      .values({ id, name, passwordHash })
      .onConflictDoNothing()
      .returning();
    const account = created ?? (await this.ofName(name));
    if (account?.id !== id) throw new ConflictException(`The name ${name} is taken`);
    return { id, name };
  }

  /** Throws an UnauthorizedException that does not tell whether the name or the password is wrong. */
  async logIn({ name, password }: LogIn): Promise<Account> {
    const account = await this.ofName(name);
    const matches = await this.passwords.match(password, account?.passwordHash);
    if (account === undefined || !matches) throw new UnauthorizedException('Wrong name or password');
    return { id: account.id, name };
  }

  private async ofName(name: string): Promise<typeof accounts.$inferSelect | undefined> {
    const [account] = await this.database.select().from(accounts).where(eq(accounts.name, name));
    return account;
  }
}
