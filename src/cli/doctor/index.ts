export type { Check, CheckResult, CheckStatus } from './check.js';
export { canRun, reportJson, reportLines } from './report.js';
export { runChecks, runDoctor } from './run-doctor.js';
export type { DoctorOptions } from './run-doctor.js';
