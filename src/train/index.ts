export * from './augment/index.js';
export * from './datasets/index.js';
export * from './evaluate/index.js';
export * from './log/index.js';
export * from './losses/index.js';
export * from './metrics/index.js';
export * from './noise/index.js';
export { SeededRandom } from './seeded-random.js';
export type { SeededRandomState, Words } from './seeded-random.js';
