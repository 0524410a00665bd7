export { Authority, type Identity } from './authority.js';
export type { Rule } from './rules.js';
export { type SecuredKafka, startSecuredKafka } from './secured-kafka.js';
