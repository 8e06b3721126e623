export type { Augmentation, PixelImage } from './image.js';
export { inSequence } from './in-sequence.js';
export { flip, randomFlip } from './flip.js';
export { randomPadCrop, shift } from './pad-crop.js';
export { pixelNoise } from './pixel-noise.js';
export { randomErasing } from './random-erasing.js';
export type { RandomErasingOptions } from './random-erasing.js';
