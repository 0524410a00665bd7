export { Authority, type Identity } from './authority.js';
export { type Rule, Rules } from './rules.js';
export { setScramPassword } from './scram.js';
export { type SecuredKafka, startSecuredKafka } from './secured-kafka.js';
