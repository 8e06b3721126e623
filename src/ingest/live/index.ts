export type { BackOff, LiveSource, LiveSourceOptions, LiveSourceStatus } from './live-source.js';
export { openLiveSource } from './open-live-source.js';
export { parseSourceAddress } from './source-address.js';
