// Recorded footage
export { annotate, annotate$ } from './stream/annotate/annotator.js';
export type { Annotation } from './stream/annotate/annotation.js';
export { Annotator } from './stream/annotate/annotator.js';
export type { AnnotateOptions, AnnotateSettings } from './stream/pipeline/pipeline-settings.js';
export { convertAnnotation } from './stream/annotate/convert.js';
export type { Converted, ConvertOptions } from './stream/annotate/convert.js';
export { annotateBatch } from './stream/annotate/batch.js';
export type { BatchEvent, BatchOptions } from './stream/annotate/batch.js';
export type { FaceResult, FrameResult, FrameStatus } from './stream/pipeline/frame-result.js';

// Results in files
export { OUTPUT_FORMATS } from './stream/output/formats.js';
export { openWriters } from './stream/output/formats.js';
export type { OutputContext, OutputFormat, OutputWriters } from './stream/results/output-format.js';
export { readAnnotation } from './stream/results/read-annotation.js';
export type { AnnotationLine } from './stream/results/annotation-schema.js';
export type { RunMetadata, RunOutcome } from './stream/results/annotation-schema.js';
export { SummaryBuilder } from './stream/results/summary-builder.js';
export type { FaceSummary, Summary } from './stream/results/summary-builder.js';

// Live
export { openLiveEngine } from './stream/live/open-live-engine.js';
export type { LiveEngine, LivePicture, LiveSession, SessionListener } from './stream/live/live-engine.js';
export type { LiveOptions } from './stream/live/live-engine.js';
export { openLiveServer } from './stream/server/live-server.js';
export type { LiveServer } from './stream/server/live-server.js';
export type { LiveServerOptions } from './stream/server/live-server-options.js';
export { openLiveSource } from './ingest/live/ffmpeg-live-source.js';
export type { LiveSource, LiveSourceOptions, LiveSourceStatus } from './ingest/live/live-source.js';

// The parts: frames, faces, networks
export { expandInputs } from './ingest/sources/expand-inputs.js';
export type { ExpandedInputs } from './ingest/sources/expand-inputs.js';
export type { Input } from './ingest/sources/frame-source.js';
export { openSource } from './ingest/sources/open-source.js';
export type { Frame, Picture, YuvToRgb } from './ingest/frame.js';
export { toRgb } from './ingest/frame.js';
export type { DecodeReport, FrameSource, SourceInfo, SourceOptions } from './ingest/sources/frame-source.js';
export { FaceFollower } from './ingest/face/face-follower.js';
export type { FaceOptions } from './ingest/face/face-follower.js';
export { loadFaceNets } from './ingest/face/face-nets.js';
export type { FaceNetOptions, FaceNets } from './ingest/face/face-nets.js';
export type { FaceEvidence, TrackedFace } from './ingest/face/track/track.js';
export type { FaceQuality } from './ingest/face/align/face-quality.js';
export type { Box, Point } from './ingest/face/align/geometry.js';
export { alignFace } from './ingest/face/align/align-face.js';
export { FacePipeline } from './stream/pipeline/face-pipeline.js';
export { loadNetworks } from './stream/pipeline/networks.js';
export type { Networks } from './stream/pipeline/networks.js';
export { parsePipelineOptions } from './stream/pipeline/pipeline-settings.js';
export type { PipelineOptions, PipelineSettings } from './stream/pipeline/pipeline-settings.js';

// Engines and models
export { openBackend } from './model/engines/open-backend.js';
export type { OpenBackendOptions } from './model/engines/open-backend.js';
export type { Backend, BackendName } from './model/engines/backend.js';
export { openModel } from './model/heads/open-model.js';
export type { OpenModelOptions } from './model/heads/open-model.js';
export type { Clip, ClipContext, ExpressionModel } from './model/expression-model.js';
export type { CropGeometry, FaceCrop } from './model/crop-geometry.js';
export { EXPORT_FORMATS, exportModel } from './model/heads/export-model.js';
export type { ExportFormat, ExportOptions } from './model/heads/export-model.js';
export { EXPRESSIONS_7, EXPRESSIONS_8, LabelSet } from './model/label-set.js';
export { DEFAULT_MODEL, MODEL_NAMES } from './model/expression-model.js';

export { ERROR_CODES } from './errors/fer-error.js';
export type { ErrorCode } from './errors/fer-error.js';
export { FerError } from './errors/fer-error.js';
export { VERSION } from './version.js';
