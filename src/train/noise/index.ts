export { longTail } from './imbalance.js';
export { pairNoise, symmetricNoise } from './label-noise.js';
export type { NoisyLabels } from './label-noise.js';
