import type { FaceResult, FrameStatus } from '../pipeline/frame-result.js';
import type { PROTOCOL_VERSION } from './protocol-version.js';
import type { Problem } from './problem-codes.js';

export type Role = 'producer' | 'viewer';

/** The first message of every connection. */
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

/** Landmarks are left out unless asked for (`?landmarks=1`). */
export type LiveFace = Omit<FaceResult, 'landmarks'> & Partial<Pick<FaceResult, 'landmarks'>>;

/** What a frame shows. A producer gets exactly one of `result`, `skipped` and `error` for every frame it sends. */
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
  /** Milliseconds in the server: waiting for its turn, and being worked on. */
  readonly timing: { readonly waited: number; readonly worked: number };
}

/** "newer": a newer frame of the same producer came before this one's turn. */
export type SkipReason = 'newer';

/** A frame that was not looked at. */
export interface SkippedMessage {
  readonly type: 'skipped';
  readonly sequence: number;
  readonly reason: SkipReason;
}

export interface ErrorMessage extends Problem {
  readonly type: 'error';
  /** Of the frame that was at fault; null where no frame can be named. */
  readonly sequence: number | null;
  /** True when the connection is closed after this. */
  readonly fatal: boolean;
}

/** About every two seconds. */
export interface StatsMessage {
  readonly type: 'stats';
  /** Of this connection, since it was opened. Frames of the source, for a viewer. */
  readonly received: number;
  readonly answered: number;
  readonly skipped: number;
  readonly refused: number;
  /** Messages not sent to a viewer that reads too slowly. */
  readonly dropped: number;
  /** Answers a second, over the last seconds. */
  readonly framesPerSecond: number;
  /** Share of the engine's time that is taken, by all sessions together, 0..1. */
  readonly load: number;
}

export type SourceState =
  | 'connecting'
  | 'running'
  /** It stopped sending or broke off; the next attempt comes after `retryIn`. */
  | 'reconnecting'
  /** A file came to its end. */
  | 'ended'
  /** It will not be tried again. */
  | 'failed';

/** To viewers, first of all and whenever it changes: how the server's source does. */
export interface SourceMessage {
  readonly type: 'source';
  /** Without passwords. */
  readonly name: string;
  readonly state: SourceState;
  /** One line for a person, null when all is well. */
  readonly detail: string | null;
  /** Milliseconds until the next attempt; null when there is none to wait for. */
  readonly retryIn: number | null;
}

export type ServerMessage = HelloMessage | ResultMessage | SkippedMessage | ErrorMessage | StatsMessage | SourceMessage;

/** From a producer: what comes next is another scene; faces and clips begin anew. */
export interface ResetMessage {
  readonly type: 'reset';
}

export type ClientMessage = ResetMessage;
