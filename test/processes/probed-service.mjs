import 'reflect-metadata';
import { subscribe } from 'node:diagnostics_channel';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyHealthModule } from '@parley/health';
import { ParleyModule, ParleyServer } from '@parley/transport';

/**
 * A service in a process of its own that is probed. It tells its address; asked, it tells what it spent on each request of
 * HTTP since it was last asked, and how many connections it opened.
 */
class ProbedModule {}
Module({ imports: [ParleyModule.forRoot(JSON.parse(process.argv[2])), ParleyHealthModule] })(ProbedModule);

const app = await NestFactory.create(ProbedModule, { logger: false });
const server = app.get(ParleyServer);
server.addHandler('greet', name => `hello ${name}`);
app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');

/** What this process has computed so far, in ms: what the machine gave to others is not in it. */
function computedMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

let spentMs = [];
let connections = 0;
subscribe('net.client.socket', () => (connections += 1));
app.getHttpServer().prependListener('request', (_request, response) => {
  const from = computedMs();
  response.once('finish', () => spentMs.push(computedMs() - from));
});
process.on('message', () => {
  process.send({ spentMs, connections });
  spentMs = [];
  connections = 0;
});
process.on('disconnect', () => process.exit());
process.send(await app.getUrl());
