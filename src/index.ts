export * from './errors/index.js';
export * from './ingest/index.js';
export * from './model/index.js';
export * from './stream/index.js';
export { VERSION } from './version.js';
