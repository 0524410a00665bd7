export { EmbeddedKafka, type EmbeddedKafkaOptions } from './embedded-kafka.js';
export type { NewTopic } from './cluster.js';
export { fault, type Fault, type InterceptedRequest, type Interceptor } from './interceptors.js';
export { ApiKey } from './protocol/api-keys.js';
export { ErrorCode, KafkaError } from './protocol/errors.js';
