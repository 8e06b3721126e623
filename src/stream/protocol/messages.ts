import type { FaceResult, FrameStatus } from '../pipeline/frame-result.js';

/** All error codes of the protocol; a test keeps docs/protocol.md equal to this table. */
export const PROBLEM_CODES = {
  BAD_HEADER: 'A binary message that does not start with a frame header of this version.',
  BAD_PICTURE: 'The picture is not a JPEG, or the JPEG is truncated or damaged.',
  PICTURE_TOO_LARGE:
    'More pixels than the server accepts; from `LiveProducer`, which does not send such a picture, more bytes.',
  BAD_MESSAGE: 'A text message that is not a JSON object of a known type.',
  NOT_ALLOWED: 'A message that this kind of connection may not send.',
  TOO_FAST: 'More messages per second than the server accepts; the excess was ignored.',
  UNAUTHORIZED: 'The token is missing or wrong.',
  ORIGIN_NOT_ALLOWED: 'The page is of another site, which `--allow-origin` does not name.',
  TOO_MANY_SESSIONS: 'The server has as many connections of this kind as it allows.',
  NO_SOURCE: 'The server was started without a source.',
  SHUTTING_DOWN: 'The server is shutting down.',
  INTERNAL: 'An internal error in the server.',
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;

export interface Problem {
  readonly code: ProblemCode;
  /** One line: what, and what to do. */
  readonly message: string;
}

/** WebSocket close codes after fatal problems; 1001 (going away) and 1011 (internal error) are the standard's. */
export const CLOSE_CODES = {
  UNAUTHORIZED: 4401,
  ORIGIN_NOT_ALLOWED: 4403,
  NO_SOURCE: 4404,
  TOO_FAST: 4429,
  TOO_MANY_SESSIONS: 4503,
  SHUTTING_DOWN: 1001,
  INTERNAL: 1011,
} as const satisfies Partial<Record<ProblemCode, number>>;

export type Role = 'producer' | 'viewer';

/** From the server: the first message of every connection. */
export interface HelloMessage {
  readonly type: 'hello';
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly role: Role;
  /** Changes with every connection. */
  readonly session: string;
  /** Version of ferstream. */
  readonly ferstream: string;
  readonly model: { readonly name: string; readonly version: string; readonly labels: readonly string[] };
  readonly engine: { readonly backend: string; readonly device: string | null };
  readonly limits: {
    /** Longest message in bytes; a longer one ends the connection with 1009. */
    readonly messageBytes: number;
    readonly pixels: number;
    /** Frames a producer may have sent that are not answered yet. */
    readonly framesInFlight: number;
    readonly messagesPerSecond: number;
  };
}

/** Landmarks are included on request (`?landmarks=1`). */
export type LiveFace = Omit<FaceResult, 'landmarks'> & Partial<Pick<FaceResult, 'landmarks'>>;

/** The faces of a frame. A producer gets exactly one of `result`, `skipped` and `error` for every frame it sends. */
export interface ResultMessage {
  readonly type: 'result';
  /** As in the frame's header. */
  readonly sequence: number;
  /** As in the frame's header, in milliseconds. */
  readonly captureTime: number;
  /** Seconds since the first frame of the session, or the first after a reset, by time of capture; each later than the one before. */
  readonly timestamp: number;
  readonly width: number;
  readonly height: number;
  readonly status: FrameStatus;
  readonly faces: readonly LiveFace[];
  /** Milliseconds in the server: waiting for its turn, and being analyzed. */
  readonly timing: { readonly waited: number; readonly worked: number };
}

/** "newer": a newer frame of the same producer came before this one's turn. */
export type SkipReason = 'newer';

/** A frame that was not analyzed. */
export interface SkippedMessage {
  readonly type: 'skipped';
  readonly sequence: number;
  readonly reason: SkipReason;
}

export interface ErrorMessage extends Problem {
  readonly type: 'error';
  /** Of the frame with the error; null if it belongs to no frame. */
  readonly sequence: number | null;
  /** True when the connection is closed after this. */
  readonly fatal: boolean;
}

/** About every two seconds. */
export interface StatsMessage {
  readonly type: 'stats';
  /** Counts since the connection opened; for a viewer, frames of the source. */
  readonly received: number;
  readonly answered: number;
  readonly skipped: number;
  readonly refused: number;
  /** Messages not sent to a viewer that reads too slowly. */
  readonly dropped: number;
  /** Answers per second, over the last seconds. */
  readonly framesPerSecond: number;
  /** Share of the engine's time spent working for all sessions, 0..1. */
  readonly load: number;
}

export type SourceState =
  | 'connecting'
  | 'running'
  /** It stopped sending or was lost; the next attempt is after `retryIn`. */
  | 'reconnecting'
  /** A file has ended. */
  | 'ended'
  /** There will be no further attempt. */
  | 'failed';

/** To viewers, first of all and whenever it changes: the state of the server's source. */
export interface SourceMessage {
  readonly type: 'source';
  /** Without passwords. */
  readonly name: string;
  readonly state: SourceState;
  /** One line for people; null when all is well. */
  readonly detail: string | null;
  /** Milliseconds until the next attempt; null if none is planned. */
  readonly retryIn: number | null;
}

export type ServerMessage = HelloMessage | ResultMessage | SkippedMessage | ErrorMessage | StatsMessage | SourceMessage;

/** From a producer: the next frame is a new scene; tracking and clips start again. */
export interface ResetMessage {
  readonly type: 'reset';
}

export type ClientMessage = ResetMessage;

const KNOWN: ReadonlySet<string> = new Set<ServerMessage['type']>([
  'hello',
  'result',
  'skipped',
  'error',
  'stats',
  'source',
]);

/** @returns null for messages this client does not know, as a later server may send. Fields are not checked: the server is trusted. */
export function parseServerMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return null;
  return KNOWN.has(value.type) ? (value as ServerMessage) : null;
}

/** Raised whenever clients and servers of different versions would misunderstand each other. */
export const PROTOCOL_VERSION = 1;

/** Where clients connect: producers send frames and get results, viewers watch the server's own source. */
export const PRODUCE_PATH = `/v${PROTOCOL_VERSION}/produce`;
export const WATCH_PATH = `/v${PROTOCOL_VERSION}/watch`;

/**
 * A picture on the wire: 16 bytes, then a JPEG. All numbers are big-endian.
 *
 *     0      version of the protocol (1)
 *     1      kind of picture: 1 = JPEG
 *     2..3   zero
 *     4..7   sequence number, uint32
 *     8..15  capture time, float64, milliseconds by the sender's clock
 */
export interface FrameMessage {
  readonly sequence: number;
  readonly captureTime: number;
  readonly jpeg: Uint8Array;
}

export const FRAME_HEADER_BYTES = 16;

const KIND_JPEG = 1;
const LARGEST_SEQUENCE = 0xffff_ffff;

export function encodeFrameHeader({ sequence, captureTime }: Omit<FrameMessage, 'jpeg'>): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, PROTOCOL_VERSION);
  view.setUint8(1, KIND_JPEG);
  view.setUint32(4, sequence % (LARGEST_SEQUENCE + 1));
  view.setFloat64(8, captureTime);
  return header;
}

/** @returns the frame, its JPEG a view into `message`; for an invalid message, one line that says why */
export function decodeFrameMessage(message: Uint8Array): FrameMessage | string {
  if (message.byteLength <= FRAME_HEADER_BYTES)
    return `a frame is a header of ${FRAME_HEADER_BYTES} bytes and a JPEG; this message has ${message.byteLength} bytes`;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint8(0) !== PROTOCOL_VERSION)
    return `byte 0 is ${view.getUint8(0)}; it must be the protocol version, ${PROTOCOL_VERSION}`;
  if (view.getUint8(1) !== KIND_JPEG) return `byte 1 is ${view.getUint8(1)}; only ${KIND_JPEG} (JPEG) is known`;
  if (view.getUint16(2) !== 0) return 'bytes 2 and 3 must be zero';
  const captureTime = view.getFloat64(8);
  if (!Number.isFinite(captureTime) || captureTime < 0)
    return 'bytes 8 to 15 must be a time in milliseconds (float64, big-endian)';
  return { sequence: view.getUint32(4), captureTime, jpeg: message.subarray(FRAME_HEADER_BYTES) };
}

/** Of a picture with more than `maxPixels`. */
export function tooLarge(maxPixels: number): Problem {
  return { code: 'PICTURE_TOO_LARGE', message: `the picture has more than ${maxPixels} pixels; send a smaller one` };
}
