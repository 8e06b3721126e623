import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFile } from '../../src/ingest/sources/open-source.js';
import { collect, hasEncoder, make, moving, temporaryFolder, truth } from './support/clips.js';

const CODECS: readonly (readonly [file: string, encoder: string, codec: string, options: readonly string[]])[] = [
  ['a.mp4', 'libx264', 'h264', ['-preset', 'ultrafast', '-pix_fmt', 'yuv420p']],
  ['b.mp4', 'libx265', 'hevc', ['-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-x265-params', 'log-level=none']],
  ['c.webm', 'libvpx-vp9', 'vp9', ['-deadline', 'realtime', '-cpu-used', '8']],
  ['d.webm', 'libvpx', 'vp8', ['-deadline', 'realtime', '-cpu-used', '8']],
  ['e.mkv', 'libsvtav1', 'av1', ['-preset', '12', '-pix_fmt', 'yuv420p']],
  ['f.mkv', 'libaom-av1', 'av1', ['-cpu-used', '8', '-strict', 'experimental']],
  ['g.avi', 'mjpeg', 'mjpeg', ['-pix_fmt', 'yuvj420p']],
  ['h.mjpeg', 'mjpeg', 'mjpeg', ['-pix_fmt', 'yuvj420p']],
  ['i.mpg', 'mpeg2video', 'mpeg2video', []],
  ['j.avi', 'mpeg4', 'mpeg4', []],
  ['k.wmv', 'wmv2', 'wmv2', []],
  ['l.mov', 'prores', 'prores', []],
  ['m.mkv', 'ffv1', 'ffv1', []],
];

describe('codecs', () => {
  const folder = temporaryFolder();

  it.each(CODECS)('%s (%s)', async (file, encoder, codec, options) => {
    if (!(await hasEncoder(encoder))) {
      console.warn(`SKIPPED ${file}: this ffmpeg cannot encode ${encoder}, so reading ${codec} was not tried`);
      return;
    }
    const path = await make(...moving('128x96', 25, 0.6), '-c:v', encoder, ...options, join(folder, file));
    const expected = await truth(path);
    const source = await openFile(path);
    const frames = await collect(source);
    expect(source.info.codec).toBe(codec);
    expect(frames).toHaveLength(expected.length);
    expect(frames.length).toBeGreaterThanOrEqual(14);
    expect(source.report()).toMatchObject({ decodeErrors: 0, degraded: false });
    frames.forEach((frame, index) => {
      expect([frame.width, frame.height]).toEqual([128, 96]);
      // AVI and bare streams carry no presentation times for ffprobe to print.
      if (Number.isFinite(expected[index]))
        expect(Math.abs(frame.timestamp - expected[index]!)).toBeLessThanOrEqual(1e-6);
      if (index > 0) expect(frame.timestamp).toBeGreaterThan(frames[index - 1]!.timestamp);
    });
  });
});
