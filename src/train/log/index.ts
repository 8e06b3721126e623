export { ambiguityPoints, CLEAR_MARGIN, nawWeightAt, QUADRANTS, quadrantOf } from './ambiguity.js';
export type { AmbiguityData, AmbiguityPoint, Quadrant } from './ambiguity.js';
export { EPOCHS_CSV, EPOCHS_JSONL, writeEpochTables } from './epoch-tables.js';
export { EVENTS_FILE, TENSORBOARD_FOLDER, writeTensorboardEvents } from './tensorboard-events.js';
export type { TensorboardOptions } from './tensorboard-events.js';
export { replaceFile } from './replace-file.js';
export { writeReport } from './report/write-report.js';
export type { ReportData } from './report/report-page.js';
export type { PictureOf } from './report/examples.js';
