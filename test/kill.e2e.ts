import { fork, type ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

const SILENT_SERVER = fileURLToPath(new URL('./processes/silent-server.mjs', import.meta.url));

@Controller()
class GreetController {
  @MessagePattern('greet')
  greet(@Payload() name: string): string {
    return `hello ${name}`;
  }
}

async function says(child: ChildProcess, expected: string): Promise<void> {
  for await (const [message] of on(child, 'message', { signal: AbortSignal.timeout(15_000) })) {
    if (message === expected) return;
    throw new Error(`the server says ${String(message)}`);
  }
}

describe('a server that is killed with -9 in the middle of a call', () => {
  const services = new Services();
  let child: ChildProcess | undefined;
  afterAll(async () => {
    child?.kill('SIGKILL');
    await services.stop();
  });

  it('loses nothing: another instance answers the call', async () => {
    // Without the runner's own arguments: it runs against what was built.
    child = fork(SILENT_SERVER, [JSON.stringify(services.options('doomed'))], { execArgv: [] });
    await says(child, 'listening');
    const answer = firstValueFrom(services.client('doomed').send<string>('greet', 'ada'));
    await says(child, 'called');
    child.kill('SIGKILL');
    await services.start('doomed', [GreetController]);
    expect(await answer).toBe('hello ada');
  });
});
