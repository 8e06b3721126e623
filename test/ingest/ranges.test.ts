import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openFile } from '../../src/ingest/sources/open-source.js';
import type { Frame } from '../../src/ingest/frame.js';
import type { SourceOptions } from '../../src/ingest/sources/frame-source.js';
import { slotOf } from '../../src/ingest/ffmpeg/picture-filters.js';
import { H264, collect, describeWithEachFfmpeg, make, moving, temporaryFolder } from './support/clips.js';

/** Time and content of a frame; the index is left out, a range counts from 0. */
function essence(frame: Frame): string {
  return `${frame.timestamp.toFixed(6)} ${frame.width}x${frame.height} ${createHash('md5').update(frame.data).digest('hex')}`;
}

describeWithEachFfmpeg('--start, --end and --fps', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  // Open groups of pictures: frames right before a key frame in time cannot be decoded from it alone.
  const openGop = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-pix_fmt',
    'yuv420p',
    '-bf',
    '3',
    '-x264-params',
    'keyint=40:min-keyint=40:open-gop=1:scenecut=0',
  ];

  beforeAll(async () => {
    await make(...moving('96x64', 30, 7), ...openGop, at('open.mp4'));
    await make('-i', at('open.mp4'), '-c', 'copy', '-output_ts_offset', '33.3', at('late.mkv'));
    await make('-i', at('open.mp4'), '-c', 'copy', at('open.ts'));
    await make(
      ...moving('96x64', 30, 7),
      '-vf',
      "select='not(mod(n,7))+not(mod(n,3))'",
      '-vsync',
      'vfr',
      ...H264,
      at('variable.mp4'),
    );
  });

  it.each(['open.mp4', 'late.mkv', 'open.ts', 'variable.mp4'])(
    '%s: a part is exactly that part of the whole',
    async (name) => {
      const whole = await collect(await openFile(at(name)));
      const first = whole[0]!.timestamp;
      const middle = whole[Math.floor(whole.length / 2)]!.timestamp;
      const parts: SourceOptions[] = [
        { start: first + 5.713, end: first + 6.1 },
        { start: middle, end: middle + 0.4 }, // begins right at a frame, which is in
        { end: middle }, // ends right at a frame, which is out
        { fps: 10, start: first + 5.05 },
      ];
      for (const part of parts) {
        const { start = null, end = null, fps = null } = part;
        const expected = whole.filter(
          ({ timestamp: t }, index) =>
            (start === null || t >= start - 5e-7) &&
            (end === null || t < end - 5e-7) &&
            (fps === null || index === 0 || slotOf(t, fps) > slotOf(whole[index - 1]!.timestamp, fps)),
        );
        const source = await openFile(at(name), part);
        const frames = await collect(source);
        expect(frames.map(essence), JSON.stringify(part)).toEqual(expected.map(essence));
        expect(frames.map((frame) => frame.index)).toEqual(expected.map((_, index) => index));
        expect(source.report(), JSON.stringify(part)).toMatchObject({ degraded: false, decodeErrors: 0 });
      }
    },
  );

  it('fps keeps one frame a slot and invents none', async () => {
    const frames = await collect(await openFile(at('open.mp4'), { fps: 10 }));
    expect(frames).toHaveLength(70);
    const more = await collect(await openFile(at('open.mp4'), { fps: 60 }));
    expect(more).toHaveLength(210);
  });

  it.each([
    ['open.mp4', { start: 1000 }, / no frame from 1000 s \(it lasts from [\d.]+ s to [\d.]+ s\)/],
    ['open.mp4', { start: 500, end: 1000 }, / no frame from 500 s to 1000 s /],
    ['open.mp4', { end: -1 }, / no frame to -1 s /],
  ])('refuses a range of %s without frames: %o', async (name, range, message) => {
    await expect(collect(await openFile(at(name), range))).rejects.toMatchObject({
      code: 'INPUT_OUT_OF_RANGE',
      message: expect.stringMatching(message) as string,
    });
  });
});
