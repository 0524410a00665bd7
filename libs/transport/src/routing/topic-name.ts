const LEGAL = /^[A-Za-z0-9._-]+$/;
const MAX_LENGTH = 249;
/** Suffixes of Parley's own topics: no event may use them. */
const RESERVED = /\.(calls|inbox|dead|retry(\..+)?)$/;

/** The name, if Kafka takes it. Raises TypeError with what is wrong; `what` says whose name it is. */
export function legalTopic(name: string, what: string): string {
  if (!LEGAL.test(name) || name === '.' || name === '..') {
    throw new TypeError(
      `${what} ${JSON.stringify(name)} cannot be a Kafka topic name: use letters, digits, ".", "_" and "-"`,
    );
  }
  if (name.length > MAX_LENGTH) {
    throw new TypeError(
      `${what} ${JSON.stringify(name)} has ${name.length} characters; a Kafka topic name has at most ${MAX_LENGTH}`,
    );
  }
  return name;
}

/** The name, if an event may use it. */
export function eventTopicName(name: string, pattern: string): string {
  if (RESERVED.test(name)) {
    throw new TypeError(
      `event pattern ${JSON.stringify(pattern)} ends in a suffix that Parley keeps for its own topics (.calls, .inbox, .dead, .retry.*)`,
    );
  }
  return legalTopic(name, 'event pattern');
}
