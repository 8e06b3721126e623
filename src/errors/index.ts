export { ERROR_CODES } from './codes.js';
export type { ErrorCode } from './codes.js';
export { FerError } from './fer-error.js';
