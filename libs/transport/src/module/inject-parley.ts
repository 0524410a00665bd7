import { Inject } from '@nestjs/common';
import { clientToken } from './tokens.js';

/** Injects the client for a service: `constructor(@InjectParley('auth') private readonly auth: ParleyClient) {}` */
export function InjectParley(service: string): ReturnType<typeof Inject> {
  return Inject(clientToken(service));
}
