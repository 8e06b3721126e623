import type { Frame } from '../frame.js';

/** How a live source does; told whenever it changes. */
export type LiveSourceStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'running' }
  /** It stopped sending or broke off. */
  | { readonly state: 'reconnecting'; readonly reason: string; /** Milliseconds until the next attempt. */ readonly retryIn: number }
  /** A file came to its end. */
  | { readonly state: 'ended' }
  /** It will not be tried again. */
  | { readonly state: 'failed'; readonly reason: string };

/**
 * A camera, a network stream, or a file played in its own time. Frames that nobody was ready for are dropped, the newest is kept: what is pulled
 * is never old. Frames are numbered as they arrived, so that gaps in `index` are drops, and `timestamp` is seconds since the first one.
 */
export interface LiveSource {
  /** For people: without passwords. */
  readonly name: string;
  readonly status: LiveSourceStatus;
  /** Frames that were dropped because a newer one came before they were pulled. */
  readonly dropped: number;
  /**
   * One pass. Interruptions are mended inside (with back-off); it ends when a file has ended, or when the source has failed for good. Leaving the
   * loop, or `signal`, stops ffmpeg.
   * @param onStatus called at every change
   */
  frames(onStatus?: (status: LiveSourceStatus) => void, signal?: AbortSignal): AsyncIterable<Frame>;
}
