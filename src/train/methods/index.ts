export { crossEntropyMethod } from './cross-entropy-method.js';
export { dnferMethod } from './dnfer-method.js';
export type { DnferMethodOptions } from './dnfer-method.js';
export { adjustmentOffsets, withLogitAdjustment } from './logit-adjustment.js';
export type { Method, MethodResult, SecondView, TrainingMoment } from './method.js';
export { nlaMethod } from './nla-method.js';
export type { NlaMethodOptions } from './nla-method.js';
export { vNawMethod } from './v-naw-method.js';
export type { VNawMethodOptions } from './v-naw-method.js';
