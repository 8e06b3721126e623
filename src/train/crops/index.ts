export { cropLength } from './crop-source.js';
export type { CropSource } from './crop-source.js';
export { MemoryCrops, decodeImages } from './image-crops.js';
export type { DecodedImages } from './image-crops.js';
export { fitCrops } from './fit-crops.js';
