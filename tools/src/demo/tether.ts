/**
 * Loaded into each service that the demo starts (`node --import`): ends it with the demo, even one that was
 * killed. The channel to the parent closes however the parent ends; it does not by itself keep a service up.
 */
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
