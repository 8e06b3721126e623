export { openLiveServer } from './live-server.js';
export type { LiveServer } from './live-server.js';
export type { LiveServerOptions } from './live-server-options.js';
export { isLoopback } from './loopback.js';
export { tryListening } from './try-listening.js';
