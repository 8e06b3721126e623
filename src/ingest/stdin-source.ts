import type { Readable } from 'node:stream';
import { FfmpegSource } from './ffmpeg-source.js';
import type { FrameSource, SourceOptions } from './frame-source.js';

/**
 * Video that is piped in: any container that can be read from front to back (mkv, webm, ts, mp4 with its index in front).
 * Nothing can be known beforehand, so every field of `info` is null.
 */
export function openStdin(options: SourceOptions = {}, stream: Readable = process.stdin, name = '-'): FrameSource {
  return new FfmpegSource({ name, place: 'stdin', input: stream, probe: null, options });
}
