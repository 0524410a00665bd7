import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { FindProfile, type Profile, SignUp } from '@parley-apps/contracts';
import { InjectParley, ParleyClient, ParleyRecordBuilder } from '@parley/transport';
import type { Observable } from 'rxjs';
import type { z } from 'zod';

/** What a visitor sends to sign up: all but the id, which the gateway gives. */
const SignUpBody = SignUp.omit({ id: true });
type SignUpBody = z.infer<typeof SignUpBody>;

@Controller('users')
export class UsersController {
  constructor(@InjectParley('user') private readonly users: ParleyClient) {}

  @Post()
  signUp(@Body({ schema: SignUpBody }) body: SignUpBody): Observable<Profile> {
    const request: SignUp = { ...body, id: randomUUID() };
    return this.users.send<Profile>(
      'users.sign-up',
      new ParleyRecordBuilder(request).setKey(request.id).build(),
    );
  }

  @Get(':id')
  get(@Param({ schema: FindProfile }) request: FindProfile): Observable<Profile> {
    return this.users.send<Profile>('users.get', request);
  }
}
