/** `ferstream/protocol`: the messages between live clients and the server, for a client of your own. See docs/protocol.md. */
export { FRAME_HEADER_BYTES, decodeFrameMessage, encodeFrameHeader } from './messages.js';
export type { FrameMessage } from './messages.js';
export { PRODUCE_PATH, PROTOCOL_VERSION, WATCH_PATH, parseServerMessage } from './messages.js';
export type {
  ClientMessage,
  ErrorMessage,
  HelloMessage,
  LiveFace,
  ResetMessage,
  ResultMessage,
  Role,
  ServerMessage,
  SkipReason,
  SkippedMessage,
  SourceMessage,
  SourceState,
  StatsMessage,
} from './messages.js';
export type { Trust } from '../pipeline/trust.js';
export { CLOSE_CODES, PROBLEM_CODES } from './messages.js';
export type { Problem, ProblemCode } from './messages.js';
