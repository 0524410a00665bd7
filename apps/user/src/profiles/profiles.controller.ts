import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type Account, type CreateAccount, FindProfile, type Profile, SignUp } from '@parley-apps/contracts';
import { InjectParley, ParleyClient, ParleyRecordBuilder } from '@parley/transport';
import { lastValueFrom } from 'rxjs';
import { ProfilesService } from './profiles.service.js';

@Controller()
export class ProfilesController {
  constructor(
    private readonly profiles: ProfilesService,
    @InjectParley('auth') private readonly auth: ParleyClient,
    @InjectParley('user') private readonly events: ParleyClient,
  ) {}

  /**
   * Every step may run twice, so a call that Kafka hands to another instance, because this one died in the
   * middle of it, ends as if nothing had happened. A name that is taken reaches the caller as auth's 409.
   */
  @MessagePattern('users.sign-up')
  async signUp(
    @Payload({ schema: SignUp }) { id, name, password, displayName = name }: SignUp,
  ): Promise<Profile> {
    const request: CreateAccount = { id, name, password };
    const account = await lastValueFrom(this.auth.send<Account>('accounts.create', request));
    const profile = await this.profiles.keep({ ...account, displayName });
    const record = new ParleyRecordBuilder(profile).setKey(id).build();
    await lastValueFrom(this.events.emit('user.created', record), { defaultValue: undefined });
    return profile;
  }

  @MessagePattern('users.get')
  get(@Payload({ schema: FindProfile }) { id }: FindProfile): Promise<Profile> {
    return this.profiles.get(id);
  }
}
