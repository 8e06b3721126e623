export { openLiveServer } from './live-server.js';
export type { LiveServer } from './live-server.js';
export type { LiveServerOptions } from './live-server-options.js';
