import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FerError } from '../../errors/fer-error.js';
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

/** The address of a live source, and ffmpeg's arguments for it. */
export type SourceAddress = { readonly name: string } & (
  | { readonly kind: 'camera'; readonly format: 'v4l2' | 'avfoundation' | 'dshow'; readonly device: string }
  | { readonly kind: 'rtsp'; readonly url: string }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'lavfi'; readonly graph: string }
);

const KINDS = 'a camera (/dev/video0), an rtsp:// or http(s):// address, a file, or lavfi:FILTER';

/**
 * Reads the name of a live source: `/dev/video0` (Linux), `avfoundation:0` (macOS), `dshow:Camera name` (Windows), `rtsp://...`, `http(s)://...`,
 * `lavfi:testsrc2`, or a file.
 * @throws FerError USAGE
 */
export function parseSourceAddress(text: string): SourceAddress {
  if (text.trim() === '') throw new FerError('USAGE', `no source given: name ${KINDS}`);
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'lavfi':
      return { kind: 'lavfi', graph: rest, name: text };
    case 'avfoundation':
      return { kind: 'camera', format: 'avfoundation', device: rest, name: text };
    case 'dshow':
      return { kind: 'camera', format: 'dshow', device: rest, name: text };
    case 'rtsp':
    case 'rtsps':
      return { kind: 'rtsp', url: addressOf(text).href, name: nameOf(addressOf(text)) };
    case 'http':
    case 'https':
      return { kind: 'http', url: addressOf(text).href, name: nameOf(addressOf(text)) };
    case 'file':
      return fileAddress(fileURLToPath(text));
  }
  if (rest.startsWith('//'))
    throw new FerError('USAGE', `${withoutPasswords(text)}: ${scheme} addresses are not read: give ${KINDS}`);
  if (/^\/dev\/(video\d+|v4l\/.+)$/.test(text)) return { kind: 'camera', format: 'v4l2', device: text, name: text };
  return fileAddress(text);
}

/** The name that viewers see: without the server's folders. */
function fileAddress(path: string): SourceAddress {
  return { kind: 'file', path, name: basename(path) };
}

function addressOf(text: string): URL {
  if (!URL.canParse(text))
    throw new FerError('USAGE', `${withoutPasswords(text)}: is not a valid address: check the spelling`);
  return new URL(text);
}

/** Without user, password, and what follows the question mark: cameras take passwords there too. */
function nameOf({ protocol, host, pathname, search }: URL): string {
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?...'}`;
}

/** The text with the user names, passwords and queries of the addresses in it left out. */
export function withoutPasswords(text: string): string {
  return text
    .replace(/([a-z]+:\/\/)[^\s/@]*(?:@[^\s/@]*)*@/gi, '$1')
    .replace(/([a-z]+:\/\/[^\s?]*)\?[^\s:]*/gi, '$1?...');
}
