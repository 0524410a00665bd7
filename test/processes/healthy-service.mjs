import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyHealthModule } from '@parley/health';
import { Link, ParleyModule, ParleyServer } from '@parley/transport';

/**
 * A service in a process of its own that is probed while things go wrong in it. It tells its address, and does what it is
 * told to: hang its event loop for a while, or wedge a part of its link for good.
 */
const options = JSON.parse(process.argv[2]);
const { stuckMs } = JSON.parse(process.argv[3]);

class HealthyModule {}
Module({ imports: [ParleyModule.forRoot(options), ParleyHealthModule.with({ stuckMs })] })(HealthyModule);

const app = await NestFactory.create(HealthyModule, { logger: false });
const server = app.get(ParleyServer);
server.addHandler('greet', name => `hello ${name}`);
app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });

const never = new Promise(() => undefined);
const subscriptions = () => server.consumptions.map(({ subscription }) => subscription);
// Each no longer does what keeps it going, and says nothing of it.
const harm = {
  hang: ms => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  'wedge consumer': () => subscriptions().forEach(({ reader }) => (reader.fetch = () => undefined)),
  'wedge sender': () => (app.get(Link).driver.produce = () => never),
  'wedge inbox': () => (app.get(Link).session.inbox.current.tail.reader.fetch = () => undefined),
  'wedge membership': () => subscriptions().forEach(({ member }) => (member.heartbeats.beat = () => never)),
};
process.on('message', ({ what, ms }) => harm[what](ms));
process.on('disconnect', () => process.exit());

await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
process.send(await app.getUrl());
