import { ClientKafka, type KafkaOptions, Transport } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { EventCount } from '../event-count.js';
import { keyOf, type Settings, type System } from '../system.js';
import { bodiesPerTurn } from './bodies.js';
import { createTopics } from './kafka-topics.js';
import { microservice } from './microservice.js';
import { proxyClient } from './proxy-client.js';
import { patterns, rpcModule } from './rpc-controller.js';

/**
 * Nest's built-in Kafka transport, with its defaults apart from these: groups start at the earliest record, so
 * that no request is lost while the server joins; producers do not create topics. `partitions` above one lets
 * the server work on as many records of a topic at once. Where there are several processes of a kind, topics have
 * a partition for each: the client throws where it gets none.
 */
function nestKafka(partitions: number): System {
  const kafka = ({ brokers, run }: Settings): NonNullable<KafkaOptions['options']> => ({
    client: { brokers, clientId: run },
    consumer: { groupId: run, allowAutoTopicCreation: false },
    producer: { allowAutoTopicCreation: false },
    subscribe: { fromBeginning: true },
    ...(partitions > 1 && { run: { partitionsConsumedConcurrently: partitions } }),
  });

  return {
    async server(settings, onCall) {
      const names = patterns(`${settings.run}.`);
      const events = new EventCount();
      const { event, keyed, ...calls } = names;
      const topics = [event, keyed, ...Object.values(calls).flatMap(call => [call, `${call}.reply`])];
      await createTopics(
        settings.brokers,
        Object.fromEntries(topics.map(topic => [topic, Math.max(partitions, settings.replicas ?? 1)])),
      );
      const options = { transport: Transport.KAFKA, options: kafka(settings) } as const;
      return microservice(
        rpcModule(names, events, items => bodiesPerTurn(items, 1_000), onCall),
        options,
        events,
      );
    },

    async client(settings) {
      const names = patterns(`${settings.run}.`);
      const proxy = new ClientKafka(kafka(settings));
      for (const call of [names.unary, names.slow, names.stream]) proxy.subscribeToResponseOf(call);
      await proxy.connect();
      return {
        ...proxyClient(proxy, names),
        emitKeyed: value =>
          lastValueFrom(proxy.emit<unknown>(names.keyed, { key: keyOf(value), value }), {
            defaultValue: undefined,
          }),
      };
    },
  };
}

export const system = nestKafka(1);

/** With eight partitions worked on side by side, as a user who knows kafkajs would set it for slow handlers. */
export const tuned = nestKafka(8);
