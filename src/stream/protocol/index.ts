export { FRAME_HEADER_BYTES, decodeFrameMessage, encodeFrameHeader } from './frame-message.js';
export type { FrameMessage } from './frame-message.js';
export type * from './messages.js';
export { CLOSE_CODES, PROBLEM_CODES } from './problem-codes.js';
export type { Problem, ProblemCode } from './problem-codes.js';
export { PRODUCE_PATH, PROTOCOL_VERSION, WATCH_PATH } from './protocol-version.js';
