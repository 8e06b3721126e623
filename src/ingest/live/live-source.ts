import type { Frame } from '../frame.js';

/** The state of a live source, reported at every change. */
export type LiveSourceStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'running' }
  /** It stopped sending or broke off. */
  | {
      readonly state: 'reconnecting';
      readonly reason: string;
      /** Milliseconds until the next attempt. */ readonly retryIn: number;
    }
  /** A file came to its end. */
  | { readonly state: 'ended' }
  /** It will not be tried again. */
  | { readonly state: 'failed'; readonly reason: string };

/**
 * A camera, a network stream, or a file played in its own time. Frames that arrive while the reader is busy are dropped, the latest is kept: what is pulled
 * is never old. Frames are numbered as they arrived, so that gaps in `index` are drops, and `timestamp` is the time of arrival, in seconds since the
 * first one: the clocks of cameras and streams are missing, assumed or restarted too often to be of use.
 */
export interface LiveSource {
  /** For people: without passwords. */
  readonly name: string;
  readonly status: LiveSourceStatus;
  /** Frames that were dropped because a newer one came before they were pulled. */
  readonly dropped: number;
  /**
   * One pass; one at a time. It reconnects automatically, with back-off; it ends when a file has ended, or when the source has failed for good. Leaving the
   * loop, or `signal`, stops ffmpeg.
   * @param onStatus called at every change
   */
  frames(onStatus?: (status: LiveSourceStatus) => void, signal?: AbortSignal): AsyncIterable<Frame>;
}

export interface LiveSourceOptions {
  /** Wider pictures are scaled down to this many pixels. */
  readonly maxWidth?: number;
  /** Restarts a file at its end. */
  readonly loop?: boolean;
  /** Milliseconds without a picture after which a source counts as stalled. */
  readonly stallAfter?: number;
  readonly backOff?: BackOff;
}

/** Pauses between attempts in milliseconds: doubled each time, with jitter. */
export interface BackOff {
  readonly shortest: number;
  readonly longest: number;
  /** A connection that held for so long makes the next pause the shortest again. */
  readonly stableAfter: number;
}
