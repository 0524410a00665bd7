export { KAFKA_VERSION } from './distribution.js';
export { MissingToolError } from './java.js';
export { type KafkaOptions, type RunningKafka, startKafka } from './start-kafka.js';
export { stopSignal } from './stop-signal.js';
