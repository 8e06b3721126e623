export { areaUnderRoc } from './area-under-roc.js';
export { expectedCalibrationError, fitTemperature, reliabilityBins, temperedPosteriors } from './calibration.js';
export type { ReliabilityBin } from './calibration.js';
export { classificationMetrics } from './classification-metrics.js';
export type { ClassificationMetrics } from './classification-metrics.js';
export { confusionMatrix, normaliseRows, predictedClasses } from './confusion-matrix.js';
export type { ConfusionMatrix } from './confusion-matrix.js';
