export { classifyClip } from './classify-clip.js';
export { evaluate } from './evaluate.js';
export type { EvaluateOptions, EvaluationOfCrops } from './evaluate.js';
export type { LabelledCrop, Prediction } from './labelled-crop.js';
export { SampleCrops } from './sample-crops.js';
export type { CropNotes, FaceHandling, SampleCropsOptions } from './sample-crops.js';
export { Tally } from './tally.js';
export type { Evaluation } from './tally.js';
