import { EmbeddedKafka } from '@parley/embedded-kafka';

/** A broker in a process of its own, which can be paused and killed. Tells its address. */
const kafka = await EmbeddedKafka.start();
process.on('disconnect', () => process.exit());
process.send(kafka.bootstrap);
