export type {
  EngineDescription,
  JpegPicture,
  LiveEngine,
  LivePicture,
  LiveSession,
  RgbPicture,
  SessionListener,
} from './live-engine.js';
export { parseLiveOptions } from './live-options.js';
export type { LiveOptions, LiveSettings } from './live-options.js';
export { openLiveEngine } from './open-live-engine.js';
