import type { Readable } from 'node:stream';
import { FerError } from '../../errors/fer-error.js';
import { NETWORK_TIMEOUT } from '../ffmpeg/input-guards.js';
import { probeFile, probeVideo } from '../probe/probe-video.js';
import type { VideoProbe } from '../probe/probe-video.js';
import { FfmpegSource } from './ffmpeg-source.js';
import type { FrameSource, Input, SourceOptions } from './frame-source.js';
import { openImages } from './image-source.js';

/**
 * The frames of an input.
 * @throws FerError USAGE, INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_NO_VIDEO, INPUT_UNSAFE, INPUT_STALLED, FFMPEG_MISSING;
 * for stdin only once frames are read
 */
export async function openSource(
  input: Pick<Input, 'kind' | 'path' | 'name'>,
  options: SourceOptions = {},
): Promise<FrameSource> {
  switch (input.kind) {
    case 'file':
      return openFile(input.path, options, input.name);
    case 'images':
      return openImages(input.path, options, input.name);
    case 'url':
      return openUrl(input.path, options);
    case 'stdin':
      return openStdin(options, process.stdin, input.name);
    default: // callers from JavaScript are not held by the type
      throw new FerError(
        'USAGE',
        `${JSON.stringify(input)}: is no input; give { kind: 'file', path, name }, or take inputs from expandInputs`,
      );
  }
}

/**
 * The video of a file of any container.
 * @throws FerError INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_NO_VIDEO, INPUT_UNSAFE, FFMPEG_MISSING
 */
export async function openFile(path: string, options: SourceOptions = {}, name: string = path): Promise<FrameSource> {
  return (await openVideo('file', path, name)).part(options);
}

/**
 * The video behind an http(s) URL.
 * @param networkTimeout milliseconds the server may stay silent
 * @throws FerError as `openFile` does, and INPUT_STALLED, here or while reading
 */
export async function openUrl(
  url: string,
  options: SourceOptions = {},
  networkTimeout = NETWORK_TIMEOUT,
): Promise<FrameSource> {
  const probe = await probeVideo('url', url, url, networkTimeout);
  return new FfmpegSource({ name: url, place: 'url', input: url, probe, options, networkTimeout });
}

/** A video of which several parts are read; it is examined once. */
export interface OpenedVideo {
  readonly probe: VideoProbe;
  part(options: SourceOptions): FrameSource;
}

/** @throws FerError as `openFile` and `openUrl` do */
export async function openVideo(place: 'file' | 'url', path: string, name = path): Promise<OpenedVideo> {
  const probe = place === 'file' ? await probeFile(path, name) : await probeVideo('url', path, name);
  return { probe, part: (options) => new FfmpegSource({ name, place, input: path, probe, options }) };
}

/**
 * Video that is piped in: any container that can be read from front to back (mkv, webm, ts, mp4 with its index in front).
 * Nothing can be known beforehand, so every field of `info` is null.
 */
export function openStdin(options: SourceOptions = {}, stream: Readable = process.stdin, name = '-'): FrameSource {
  return new FfmpegSource({ name, place: 'stdin', input: stream, probe: null, options });
}
