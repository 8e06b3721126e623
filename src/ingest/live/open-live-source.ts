import { FfmpegLiveSource } from './ffmpeg-live-source.js';
import type { LiveSource, LiveSourceOptions } from './live-source.js';
import { parseSourceAddress } from './source-address.js';

/**
 * A camera, stream or file as a live source. Nothing is opened before frames are asked for; every pass over `frames` begins anew.
 * @param text `/dev/video0`, `avfoundation:0`, `dshow:Camera name`, `rtsp://...`, `http(s)://...`, `lavfi:testsrc2`, or a file
 * @throws FerError USAGE for what can be none of these
 */
export function openLiveSource(text: string, options: LiveSourceOptions = {}): LiveSource {
  return new FfmpegLiveSource(parseSourceAddress(text), options);
}
