import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { Observable, type Subscriber } from 'rxjs';
import { type Body, body } from '../body.js';
import { EventCount } from '../event-count.js';
import { type Settings, SLOW_MS, type System } from '../system.js';
import { CoalescingSender } from './coalescing-sender.js';
import { createTopics } from './kafka-topics.js';
import { tail } from './kafkajs-tail.js';

/**
 * The least that a transport on kafkajs can cost: a record each way with one header, coalesced sends, reads
 * without a group, no acknowledgement of what was handled, no routing, no errors, no Nest.
 */
export const system: System = {
  async server(settings) {
    const { calls, replies } = topics(settings);
    await createTopics(settings.brokers, { [calls]: 1, [replies]: 1 });
    const kafka = connect(settings);
    const sender = await senderTo(kafka, replies);
    const events = new EventCount();
    const stop = await tail(kafka, calls, message => {
      void handle(message, sender.sender, events);
    });
    return {
      handled: () => events.read(),
      close: async () => {
        await stop();
        await sender.close();
      },
    };
  },

  async client(settings) {
    const { calls, replies } = topics(settings);
    const kafka = connect(settings);
    const pending = new Map<string, Subscriber<unknown>>();
    const [{ sender, close }, stop] = await Promise.all([
      senderTo(kafka, calls),
      tail(kafka, replies, message => receive(message, pending)),
    ]);
    let calls_ = 0;
    const call = (kind: Kind, value: object): Observable<unknown> =>
      new Observable(subscriber => {
        const id = `${kind}${++calls_}`;
        pending.set(id, subscriber);
        sender.send({ value: JSON.stringify(value), headers: { id } }).catch(e => subscriber.error(e));
        return () => pending.delete(id);
      });
    const unary = (kind: Kind, value: Body): Promise<unknown> =>
      new Promise((resolve, reject) => {
        call(kind, value).subscribe({ next: resolve, error: reject });
      });
    return {
      unary: data => unary('u', data),
      slow: data => unary('w', data),
      stream: items => call('s', { items }),
      emit: data => sender.send({ value: JSON.stringify(data), headers: { id: 'e' } }),
      close: async () => {
        await stop();
        await close();
      },
    };
  },
};

/** The first letter of a call's id: unary, slow (waits), stream, event. */
type Kind = 'u' | 'w' | 's' | 'e';

function topics({ run }: Settings) {
  return { calls: `${run}.calls`, replies: `${run}.replies` };
}

function connect({ brokers, run }: Settings): Kafka {
  return new Kafka({ brokers, clientId: run, logLevel: logLevel.ERROR });
}

async function senderTo(kafka: Kafka, topic: string) {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return { sender: new CoalescingSender(producer, topic), close: () => producer.disconnect() };
}

async function handle(message: KafkaMessage, sender: CoalescingSender, events: EventCount): Promise<void> {
  const id = headerOf(message, 'id');
  const value: unknown = JSON.parse(String(message.value));
  const reply = (answer: unknown) =>
    sender.send({ value: JSON.stringify(answer), headers: { id, last: '1' } });
  switch (id[0]) {
    case 'u':
      return reply(value);
    case 'w':
      await sleep(SLOW_MS);
      return reply(value);
    case 'e':
      return events.add();
    default:
      return stream(sender, id, (value as { items: number }).items);
  }
}

/** Queues a batch at a time, so that no more than one waits behind the one in flight. */
async function stream(sender: CoalescingSender, id: string, items: number): Promise<void> {
  let sent: Promise<void> = Promise.resolve();
  for (let index = 0; index < items; index++) {
    const last = index === items - 1;
    const queued = sender.send({
      value: JSON.stringify(body(index)),
      headers: last ? { id, last: '1' } : { id },
    });
    if (index % 1_000 === 999) {
      await sent;
      sent = queued;
    }
  }
  await sent;
}

function receive(message: KafkaMessage, pending: Map<string, Subscriber<unknown>>): void {
  const call = pending.get(headerOf(message, 'id'));
  if (!call) return;
  call.next(JSON.parse(String(message.value)));
  if (message.headers?.['last']) call.complete();
}

function headerOf(message: KafkaMessage, name: string): string {
  return String(message.headers?.[name] ?? '');
}
