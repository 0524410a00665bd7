export { Child, type ChildOptions } from './child.js';
export { clock } from './clock.js';
export { type Channel, Peer, type Questions } from './peer.js';
export { FIGURES, ownSample, type Sample } from './sample.js';
