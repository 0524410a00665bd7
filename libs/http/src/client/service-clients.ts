import type { ParleyClient } from '@parley/transport';

/** Gives the client of a service: an application's `Clients`, or one's own of stand-alone ParleyClients. */
export interface ServiceClients {
  to(service: string): Pick<ParleyClient, 'send'>;
}
