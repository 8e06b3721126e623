import { FfmpegSource } from './ffmpeg-source.js';
import type { FrameSource, SourceOptions } from './frame-source.js';
import { NETWORK_TIMEOUT } from './input-guards.js';
import { probeVideo } from './probe.js';

/**
 * The video of a file, whatever its container.
 * @throws FerError INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_NO_VIDEO, INPUT_UNSAFE, FFMPEG_MISSING
 */
export async function openFile(path: string, options: SourceOptions = {}, name: string = path): Promise<FrameSource> {
  return new FfmpegSource({ name, place: 'file', input: path, probe: await probeVideo('file', path, name), options });
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
