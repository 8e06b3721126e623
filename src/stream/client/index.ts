export type { ConnectionState } from './connection-state.js';
export { LiveProducer } from './live-producer.js';
export type { LiveProducerEvents, LiveProducerOptions, ProducerCounts } from './live-producer.js';
export { LiveViewer } from './live-viewer.js';
export type { LiveViewerEvents, LiveViewerOptions } from './live-viewer.js';
export type { LiveClientOptions } from './client-options.js';
export type { Socket, SocketClass } from './socket.js';
export type {
  ErrorMessage,
  FrameMessage,
  HelloMessage,
  LiveFace,
  Problem,
  ProblemCode,
  ResultMessage,
  SkippedMessage,
  SourceMessage,
  SourceState,
  StatsMessage,
} from '../protocol/index.js';
