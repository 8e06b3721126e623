export type { Operation } from './operation.js';
export { OPERATIONS } from './table.js';
export type { OperationName } from './table.js';
