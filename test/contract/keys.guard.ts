import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { ParleyContext } from '@parley/transport';

/** 401 without a key, and Nest's own 403 with one that is not the owner's. */
@Injectable()
export class KeysGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const key = keyOf(context);
    if (!key) throw new UnauthorizedException('Who are you?');
    return key === 'owner';
  }
}

function keyOf(context: ExecutionContext): string | undefined {
  if (context.getType() === 'rpc') return context.switchToRpc().getContext<ParleyContext>().headers['x-key'];
  return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-key'];
}
