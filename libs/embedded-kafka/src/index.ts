export { EmbeddedKafka, type EmbeddedKafkaOptions } from './embedded-kafka.js';
export type { NewTopic } from './cluster.js';
export type { FaultTarget } from './fault-target.js';
export { fault, type Fault } from './faults.js';
export type { InterceptedRequest, Interceptor } from './interceptors.js';
export type { DeniedRight, Operation, Resource } from './rights.js';
export { ApiKey } from './protocol/api-keys.js';
export { ErrorCode, KafkaError } from './protocol/errors.js';
