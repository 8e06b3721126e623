export { findModelFolder, isModelFolder, modelFolderHash } from './model-folder.js';
export type { ModelFolder } from './model-folder.js';
export { TrainedModel } from './trained-model.js';
