// Training down to the tensors: losses, the loop, checkpoints. A separate entry, because the types of TensorFlow.js need `skipLibCheck`.

export { crossEntropy, crossEntropyMethod } from './losses/cross-entropy.js';
export type { CrossEntropyOptions, CrossEntropyResult } from './losses/cross-entropy.js';
export { dnfer, dnferMethod } from './losses/dnfer.js';
export type { DnferOptions, DnferResult, DnferView, DnferMethodOptions } from './losses/dnfer.js';
export { jsd, JSD_VARIANTS } from './losses/jsd.js';
export type { JsdResult, JsdVariant } from './losses/jsd.js';
export type { Labels } from './losses/distributions.js';
export { nawCrossEntropy, nawWeights } from './losses/naw.js';
export { nawSchedule, NAW_PARAMETERS } from './losses/naw-bell.js';
export type { NawOptions, NawResult, NawWeights } from './losses/naw.js';
export type { NawParameters, NawVariant } from './losses/naw-bell.js';
export { nla, nlaMethod } from './losses/nla.js';
export type { NlaOptions, NlaResult, NlaMethodOptions } from './losses/nla.js';
export { vNaw, vNawMethod } from './losses/v-naw.js';
export type { VNawOptions, VNawResult, VNawMethodOptions } from './losses/v-naw.js';
export { adjustmentOffsets, withLogitAdjustment } from './losses/method.js';
export type { EpochProgress, SecondView } from './losses/epoch-progress.js';
export type { Method, MethodResult } from './losses/method.js';
export { fit } from './trainer/fit.js';
export type { FinishedEpoch, FitInput, FitSettings, SelectionMetric } from './trainer/fit.js';
export { predictWith } from './trainer/gradients.js';
export { LocalRunner } from './trainer/gradients.js';
export type { GradientRunner } from './trainer/gradients.js';
export { openTrainingData } from './job/training-data.js';
export type { TrainingData } from './job/training-data.js';
export { loadCheckpoint, readCheckpointInfo } from '../model/checkpoint/checkpoint.js';
export type { Checkpoint } from '../model/checkpoint/checkpoint.js';
export { saveCheckpoint } from '../model/checkpoint/checkpoint.js';
/** The TensorFlow.js that ferstream computes with. */
export { tf } from '../model/tfjs.js';
