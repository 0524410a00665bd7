export { ParleyAgent } from './client/parley-agent.js';
export { ParleyDispatcher, type ParleyDispatcherOptions } from './client/parley-dispatcher.js';
export { parleyFetch } from './client/parley-fetch.js';
export type { ServiceClients } from './client/service-clients.js';
export { serveHttpOverKafka } from './server/serve-http-over-kafka.js';
