import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type Identity, VerifyToken } from '@parley-apps/contracts';
import { Tokens } from './tokens.js';

@Controller()
export class TokensController {
  constructor(private readonly tokens: Tokens) {}

  @MessagePattern('tokens.verify')
  verify(@Payload({ schema: VerifyToken }) { token }: VerifyToken): Promise<Identity> {
    return this.tokens.verify(token);
  }
}
