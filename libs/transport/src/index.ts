export { ParleyRecord, ParleyRecordBuilder, type CallOptions } from './client/call-options.js';
export type { CollectOptions } from './client/collect/collect-options.js';
export type { Answer } from './client/collect/collection.js';
export { ParleyClient } from './client/parley-client.js';
export type { CircuitBreakerState } from './client/policies/circuit.js';
export type { PolicyEvent, PolicyReport } from './client/policies/policies.js';
export { Replies } from './client/replies.js';
export { ADDRESSEE_HEADERS } from './consume/addressee.js';
export {
  DEAD_LETTER_HEADERS,
  readDeadLetter,
  type DeadLetter,
  type LetterPart,
} from './consume/dead-letter.js';
export { DeadLetterOffice } from './dead/dead-letter-office.js';
export { REDRIVE_HEADERS, type EarlierDeath } from './dead/history.js';
export { letterId, type KeptLetter, type LetterPlace } from './dead/letter.js';
export type {
  DeadLetterOfficeOptions,
  Listing,
  ListOptions,
  RedriveOptions,
  ShownLetter,
} from './dead/office-options.js';
export type { Selection } from './dead/selection.js';
export type { LetterSummary } from './dead/summary.js';
export type { RedriveEnd, RedriveReport } from './dead/tally.js';
export type { CompressionCodec, CompressionName } from './drivers/compression/codec.js';
export type { Driver, ProvisionMode } from './drivers/driver.js';
export type { KafkaOptions } from './drivers/kafka-options.js';
export type { LoopHealth } from './drivers/loop-health.js';
export { ParleyExceptionFilter } from './exceptions/parley-exception.filter.js';
export { ParleyException } from './exceptions/parley-exception.js';
export {
  ParleyHook,
  type HookedReply,
  type IncomingMessage,
  type OutgoingMessage,
} from './hooks/parley-hook.js';
export { RequestSignal } from './gateway/request-signal.js';
export type { LinkHealth, LinkState } from './link/link-health.js';
export type { DriverFactory } from './link/link-options.js';
export { Link } from './link/link.js';
export type { RecordMetadata } from './link/send-record.js';
export { Clients } from './module/clients.js';
export { InjectParley } from './module/inject-parley.js';
export type { NestKafkaOptions } from './interop/nest-options.js';
export { DEFAULTS } from './options/defaults.js';
export type { ClientTransport, ParleyClientOptions, ParleyOptions } from './options/parley-options.js';
export {
  POLICY_DEFAULTS,
  type CircuitBreakerOptions,
  type PatternPolicies,
  type PolicyOptions,
  type RetryOptions,
} from './options/policy-options.js';
export { ParleyModule, type ClientEntry, type ParleyAsyncOptions } from './module/parley.module.js';
export type {
  ReplayedPartition,
  ReplayFailure,
  ReplayOptions,
  ReplayReport,
} from './replay/replay-options.js';
export type { OffsetsByPartition } from './replay/stretches.js';
export type { Routing, RoutingName } from './routing/routing.js';
export { topicPerPattern } from './routing/topic-per-pattern.js';
export { topicPerService } from './routing/topic-per-service.js';
export { EVENT_DEFAULTS, type EventRetry } from './server/events/event-policy.js';
export { Handling, handlingExtras } from './server/handling.js';
export { ParleyContext } from './server/parley-context.js';
export { PARLEY, ParleyServer } from './server/parley-server.js';
export type { ServerHealth } from './server/server-health.js';
export { aclsOf, type Acl, type AclOperation } from './topology/acls.js';
export {
  checkDescription,
  type CalledService,
  type ServiceDescription,
  type SubscribedEvent,
} from './topology/service-description.js';
export { deadLetterTopology, topologyOf } from './topology/topology.js';
export type { GroupUse, TopicUse, Topology } from './topology/uses.js';
export type { Codec, Encoded } from './wire/codec.js';
export { jsonCodec } from './wire/json-codec.js';
export { STATUS_CODES, type Status, type StatusCode } from './wire/status.js';
