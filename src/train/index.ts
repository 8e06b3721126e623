export { AUDIT_COLUMNS, auditCsv } from './audit/audit-page.js';
export { auditLabels } from './audit/audit-labels.js';
export type { AuditedLabel, LabelAudit } from './audit/audit-labels.js';
export { auditPage } from './audit/audit-page.js';
export type { AuditPageOptions, AuditPictures } from './audit/audit-page.js';
export { auditRun } from './audit/audit-page.js';
export { auditLook, auditWithModel } from './audit/audit-with-model.js';
export type { ModelAudit } from './audit/audit-with-model.js';
export { confidentLearning, normalisedMargin, selfConfidence } from './audit/audit-labels.js';
export type { ConfidentLearning } from './audit/audit-labels.js';
export { evidenceOfLook, evidenceOfRun } from './audit/label-evidence.js';
export type { LabelEvidence } from './audit/label-evidence.js';
export { isRunFolder, readRowHistory } from './audit/label-evidence.js';
export type { RowHistory } from './audit/label-evidence.js';
export { rowPictures } from './audit/row-pictures.js';
export { shareOfWrong } from './audit/audit-with-model.js';
export { AUDIT_CSV, AUDIT_HTML, writeAudit } from './audit/audit-page.js';
export { randomAffine } from './augment/affine.js';
export type { RandomAffineOptions } from './augment/affine.js';
export { drawFrames, sameInEveryFrame, vNawPixels } from './augment/clip.js';
export type { ClipAugmentation, DrawFramesOptions, FrameDraw } from './augment/clip.js';
export { drawMixture, mixRows } from './augment/mixup.js';
export type { Mixture } from './augment/mixup.js';
export { flip, inSequence, pixelNoise, randomFlip, randomPadCrop, shift } from './augment/pixel.js';
export type { Augmentation, PixelImage } from './augment/pixel.js';
export { OPERATIONS, colourOperation, randAugment } from './augment/rand-augment.js';
export type { Operation, OperationName, RandAugmentOptions } from './augment/rand-augment.js';
export { randomErasing } from './augment/random-erasing.js';
export type { RandomErasingOptions } from './augment/random-erasing.js';
export { confidence, fitCalibration } from './metrics/calibration.js';
export type { Calibration, Confidence } from './metrics/calibration.js';
export { calibrateModel } from './evaluate/calibrate-model.js';
export type { ModelCalibration } from './evaluate/calibrate-model.js';
export { PRESETS, PRESET_NAMES } from './config/read-config.js';
export type { PresetName } from './config/read-config.js';
export { fineTuneSettings, readConfigFile, resolveConfig } from './config/read-config.js';
export type { Settings } from './config/read-config.js';
export { RECOGNITION, trainConfigSchema } from './config/train-config.js';
export type { MethodConfig, NetworkConfig, TrainConfig, TrainConfigInput } from './config/train-config.js';
export { cropLength } from './data/crops/crop-source.js';
export type { CropSource } from './data/crops/crop-source.js';
export { MemoryCrops, decodeImages } from './data/crops/image-crops.js';
export type { DecodedImages } from './data/crops/image-crops.js';
export { fitCrops } from './data/crops/crop-source.js';
export { FACE_CHOICES, SPLITS } from './data/sample.js';
export type {
  Dataset,
  DatasetProblem,
  DatasetReader,
  FaceChoice,
  FaceHandling,
  FrameFile,
  ReadOptions,
  Sample,
  Split,
} from './data/sample.js';
export { openDataset, readerNamed, READERS } from './data/formats/registry.js';
export { canonicalLabel, labelSetFor, mapLabels } from './data/label-maps.js';
export { checkDataset } from './data/check-dataset.js';
export type {
  CheckOptions,
  ClassCounts,
  DatasetReport,
  DuplicateGroup,
  SplitCounts,
  UnreadableFile,
} from './data/check-dataset.js';
export { deduplicate } from './data/content.js';
export type { DroppedSample } from './data/content.js';
export { carveValidation } from './data/splits.js';
export type { CarvedTraining } from './data/splits.js';
export { synthesizeClips } from './data/synthesize/synthesize-clips.js';
export type { SplitContent, SynthesisReport, SynthesisSettings } from './data/synthesize/synthesize-clips.js';
export { withStills } from './data/synthesize/image-pools.js';
export { DEFAULT_SYNTHESIS } from './data/synthesize/synthesis-options.js';
export type { SynthesisOptions } from './data/synthesize/synthesis-options.js';
export { classifyClip } from './evaluate/evaluate.js';
export { facesOf } from './data/faces/face-dataset.js';
export type { FaceDataset, FaceNotes, FaceSample, IndexedFaces, LabelledFace } from './data/faces/face-dataset.js';
export { evaluate } from './evaluate/evaluate.js';
export type { EvaluateOptions, EvaluationOfCrops } from './evaluate/evaluate.js';
export { faceHandling } from './data/faces/detected-faces.js';
export type { Prediction } from './evaluate/evaluate.js';
export { InMemoryFaces } from './data/faces/face-dataset.js';
export { PreparedFaces } from './data/faces/open-faces.js';
export { DetectedFaces } from './data/faces/detected-faces.js';
export type { DetectedFacesOptions } from './data/faces/detected-faces.js';
export { openSplit, withFaces } from './data/faces/open-faces.js';
export type { FacesOptions, SplitOf } from './data/faces/open-faces.js';
export { RunningMetrics } from './evaluate/running-metrics.js';
export type { Evaluation } from './evaluate/running-metrics.js';
export { layOut, parseGrid } from './workflows/experiment/grid.js';
export type { Cell, CellGroup, Grid, StartCell } from './workflows/experiment/grid.js';
export { markdownResults, resultRows } from './workflows/experiment/results-table.js';
export type { ResultRow, Spread } from './workflows/experiment/results-table.js';
export { gridResults, runGrid } from './workflows/experiment/run-grid.js';
export type { CellResult, GridOptions } from './workflows/experiment/run-grid.js';
export { ambiguityPoints, CLEAR_MARGIN, QUADRANTS, quadrantOf } from './report/ambiguity-points.js';
export { nawWeightAt } from './losses/naw-bell.js';
export type { AmbiguityData, AmbiguityPoint, Quadrant } from './report/ambiguity-points.js';
export { EPOCHS_CSV, EPOCHS_JSONL, writeEpochTables } from './records/epoch-tables.js';
export { EVENTS_FILE, TENSORBOARD_FOLDER, writeTensorboardEvents } from './records/tensorboard.js';
export type { TensorboardOptions } from './records/tensorboard.js';
export { writeReport } from './report/run-logs.js';
export type { ReportData } from './report/report-page.js';
export type { PictureOf } from './report/examples.js';
export { areaUnderRoc } from './metrics/classification-metrics.js';
export {
  expectedCalibrationError,
  fitTemperature,
  reliabilityBins,
  temperedPosteriors,
} from './metrics/calibration.js';
export type { ReliabilityBin } from './metrics/calibration.js';
export { classificationMetrics } from './metrics/classification-metrics.js';
export type { ClassificationMetrics } from './metrics/classification-metrics.js';
export { confusionMatrix, normaliseRows, predictedClasses } from './metrics/classification-metrics.js';
export type { ConfusionMatrix } from './metrics/classification-metrics.js';
export { longTail } from './data/label-noise.js';
export { pairNoise, symmetricNoise } from './data/label-noise.js';
export type { NoisyLabels } from './data/label-noise.js';
export { prepareDataset } from './data/preprocess/prepare-dataset.js';
export type { PrepareOptions, PrepareProgress, PrepareSummary } from './data/preprocess/prepare-dataset.js';
export { prepareFeatures } from './data/preprocess/prepare-features.js';
export type { FeaturesOptions, FeaturesSummary } from './data/preprocess/prepare-features.js';
export { openPrepared } from './data/preprocess/read-prepared.js';
export type { Prepared } from './data/preprocess/read-prepared.js';
export { preparedFolder } from './data/preprocess/read-prepared.js';
export type { FeatureSource } from './data/preprocess/file-features.js';
export type { PreparedDataset, PreparedSample } from './data/preprocess/read-prepared.js';
export type { CropOrigin, OriginCounts, PreparedFrame } from './data/preprocess/sample-row.js';
export { NO_FACE } from './data/preprocess/prepared-header.js';
export type { NoFace, PrepareSettings } from './data/preprocess/prepared-header.js';
export { copyModel, writeTemperature } from '../model/heads/copy-model.js';
export type { CopyModelOptions } from '../model/heads/copy-model.js';
export { parseRecipe, readRecipe } from './workflows/recipe/recipe.js';
export type { Recipe, Stage } from './workflows/recipe/recipe.js';
export { runRecipe } from './workflows/recipe/run-recipe.js';
export type { RecipeOptions, StageProgress } from './workflows/recipe/run-stage.js';
export { SeededRandom } from './util/seeded-random.js';
export type { SeededRandomState, Words } from './util/seeded-random.js';
export type { EpochRecord } from './records/epoch-tables.js';
export type { SplitMetrics } from './metrics/split-metrics.js';
export type { RunFolder } from './records/run-folder.js';
export type { TrainingState } from './records/training-state.js';
export { SAMPLERS, epochOrder } from './config/sampler.js';
export type { SamplerName } from './config/sampler.js';
export { splitMetrics } from './metrics/split-metrics.js';
export { train } from './workflows/train.js';
export type { StepProgress, TrainOptions, TrainingOutcome } from './trainer/train-options.js';
export type { BatchRequest, MicroBatch, EvaluationSet, Predict, TrainingSet } from './data/training/training-set.js';

export type { CheckpointDescription, CheckpointInfo } from '../model/checkpoint/checkpoint-info.js';
