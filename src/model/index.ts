export { DEFAULT_CROP } from './crop-geometry.js';
export type { CropGeometry, FaceCrop } from './crop-geometry.js';
export type { Clip, ClipContext, ExpressionModel } from './expression-model.js';
export { EXPRESSIONS_7, EXPRESSIONS_8, LabelSet } from './label-set.js';
export { MODEL_NAMES } from './model-names.js';
export type { ModelName } from './model-names.js';
export { identifyModel, openModel } from './open-model.js';
export * from './backend/index.js';
