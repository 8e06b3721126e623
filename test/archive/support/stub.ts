import { builtModule } from '../../support/built-file.js';

/** Program of a worker's processes that answers at once. */
export const STUB = builtModule('test/archive/support/stub-process.ts');
