import type { ClientProxy } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { BenchClient } from '../system.js';
import type { Patterns } from './rpc-controller.js';

/** A Nest ClientProxy as the scenarios use it: the same for every system that has one. */
export function proxyClient(
  proxy: Pick<ClientProxy, 'send' | 'emit' | 'close'>,
  names: Patterns,
): Required<Omit<BenchClient, 'pull' | 'series' | 'emitKeyed'>> {
  return {
    unary: data => lastValueFrom(proxy.send<unknown>(names.unary, data)),
    replies: data => proxy.send<unknown>(names.unary, data),
    slow: data => lastValueFrom(proxy.send<unknown>(names.slow, data)),
    stream: items => proxy.send<unknown>(names.stream, { items }),
    trickle: everyMs => proxy.send<unknown>(names.trickle, { everyMs }),
    emit: data => lastValueFrom(proxy.emit<unknown>(names.event, data), { defaultValue: undefined }),
    close: async () => {
      await proxy.close();
    },
  };
}
