import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type Account, CreateAccount, LogIn, type Session, type SessionOpened } from '@parley-apps/contracts';
import { InjectParley, ParleyClient, ParleyRecordBuilder } from '@parley/transport';
import { lastValueFrom } from 'rxjs';
import { Tokens } from '../tokens/tokens.js';
import { AccountsService } from './accounts.service.js';

@Controller()
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly tokens: Tokens,
    @InjectParley('auth') private readonly events: ParleyClient,
  ) {}

  @MessagePattern('accounts.create')
  create(@Payload({ schema: CreateAccount }) request: CreateAccount): Promise<Account> {
    return this.accounts.create(request);
  }

  @MessagePattern('accounts.log-in')
  async logIn(@Payload({ schema: LogIn }) request: LogIn): Promise<Session> {
    const account = await this.accounts.logIn(request);
    const session = await this.tokens.issue(account);
    const opened: SessionOpened = {
      sessionId: randomUUID(),
      userId: account.id,
      at: new Date().toISOString(),
    };
    const record = new ParleyRecordBuilder(opened).setKey(account.id).build();
    await lastValueFrom(this.events.emit('session.opened', record), { defaultValue: undefined });
    return session;
  }
}
