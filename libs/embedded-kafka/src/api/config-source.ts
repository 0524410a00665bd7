/** Where a config's value comes from, by Kafka's numbers. */
export const ConfigSource = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const;

/** What a config belongs to, by Kafka's numbers. */
export const ResourceType = { TOPIC: 2, BROKER: 4 } as const;
