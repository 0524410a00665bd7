// The driver imports it at its first connection; here it is loaded with everything else, before anything is measured.
import '@platformatic/kafka';
import { parley } from './parley.js';

/** Parley on @platformatic/kafka. */
export const system = parley('platformatic');
