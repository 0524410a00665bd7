import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { LogIn, type Session } from '@parley-apps/contracts';
import { InjectParley, ParleyClient } from '@parley/transport';
import type { Observable } from 'rxjs';

@Controller('sessions')
export class SessionsController {
  constructor(@InjectParley('auth') private readonly auth: ParleyClient) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  logIn(@Body({ schema: LogIn }) request: LogIn): Observable<Session> {
    return this.auth.send<Session>('accounts.log-in', request);
  }
}
