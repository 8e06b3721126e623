export type { Frame } from './frame.js';
export type { DecodeReport, FrameSource, SourceInfo, SourceOptions } from './frame-source.js';
export * from './face/index.js';
