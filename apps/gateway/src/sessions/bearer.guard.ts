import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import type { Identity, VerifyToken } from '@parley-apps/contracts';
import { InjectParley, ParleyClient } from '@parley/transport';
import { lastValueFrom } from 'rxjs';
import { type BearerRequest, bearerToken } from './bearer.js';

type IdentifiedRequest = BearerRequest & { identity?: Identity };

/** Lets a request pass when auth vouches for its token; `@WhoAsks()` then gives the identity. */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(@InjectParley('auth') private readonly auth: ParleyClient) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<IdentifiedRequest>();
    const token = bearerToken(request);
    if (token === undefined)
      throw new UnauthorizedException('Send the token of POST /sessions: Authorization: Bearer ...');
    const question: VerifyToken = { token };
    request.identity = await lastValueFrom(this.auth.send<Identity>('tokens.verify', question));
    return true;
  }
}

export const WhoAsks = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<IdentifiedRequest>().identity,
);
