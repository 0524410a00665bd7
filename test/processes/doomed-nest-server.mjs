import { ServerKafka } from '@nestjs/microservices';
import { concat, NEVER, of } from 'rxjs';

/** A server of Nest's built-in Kafka transport that is there to be killed: it tells which handlers have begun. */
const { brokers, group, prefix } = JSON.parse(process.argv[2]);
const server = new ServerKafka({
  client: { brokers: brokers.split(','), logLevel: 0 },
  consumer: { groupId: group, heartbeatInterval: 250, sessionTimeout: 6000, maxWaitTimeInMs: 100 },
  subscribe: { fromBeginning: true },
});

function handle(pattern, reply) {
  server.addHandler(prefix + pattern, async () => {
    process.send(pattern);
    return reply;
  });
}

handle('never', NEVER);
handle('begun', concat(of('first'), NEVER));
void server.listen(error => process.send(error ? `failed: ${error.message}` : 'listening'));
process.on('disconnect', () => process.exit());
