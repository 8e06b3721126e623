export { confidence, fitCalibration } from './fit-calibration.js';
export type { Calibration, Confidence } from './fit-calibration.js';
export { calibrateModel, writeTemperature } from './calibrate-model.js';
export type { ModelCalibration } from './calibrate-model.js';
