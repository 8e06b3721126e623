export type { ConnectionState } from './live-connection.js';
export { LiveProducer } from './live-producer.js';
export type { LiveProducerEvents, LiveProducerOptions, ProducerCounts } from './live-producer.js';
export { LiveViewer } from './live-viewer.js';
export type { LiveViewerEvents, LiveViewerOptions } from './live-viewer.js';
export type { LiveClientOptions } from './client-options.js';
export type { Socket, SocketClass } from './client-options.js';
export type {
  ErrorMessage,
  HelloMessage,
  LiveFace,
  ResultMessage,
  SkippedMessage,
  SourceMessage,
  SourceState,
  StatsMessage,
} from '../protocol/messages.js';
export type { FrameMessage } from '../protocol/messages.js';
export type { Problem, ProblemCode } from '../protocol/messages.js';
