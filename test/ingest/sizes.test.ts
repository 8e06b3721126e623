import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openFile, openStdin } from '../../src/ingest/sources/open-source.js';
import type { Frame } from '../../src/ingest/frame.js';
import { toRgb } from '../../src/ingest/frame.js';
import { displaySize } from '../../src/ingest/probe/probe-video.js';
import {
  H264,
  collect,
  countFrames,
  describeWithEachFfmpeg,
  make,
  meanColour,
  temporaryFolder,
} from './support/clips.js';

/** A picture whose left half is red and whose right half is blue. */
function redAndBlue(size: string, seconds = 0.4): string[] {
  const [width = 0, height = 0] = size.split('x').map(Number);
  const graph = `color=red:s=${width / 2}x${height}:r=25:d=${seconds}[l];color=blue:s=${width / 2}x${height}:r=25:d=${seconds}[r];[l][r]hstack`;
  return ['-f', 'lavfi', '-i', graph];
}

function isRed([r, g, b]: [number, number, number]): boolean {
  return r > 180 && g < 90 && b < 90;
}
function isBlue([r, g, b]: [number, number, number]): boolean {
  return b > 180 && r < 90 && g < 90;
}
function isBlack([r, g, b]: [number, number, number]): boolean {
  return Math.max(r, g, b) < 30;
}

function mustBe(frame: Frame | undefined, width: number, height: number): Frame {
  expect(frame).toMatchObject({ width, height });
  expect(toRgb(frame!)).toHaveLength(width * height * 3);
  return frame!;
}

describeWithEachFfmpeg('sizes', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    await make(...redAndBlue('64x48'), ...H264, at('plain.mp4'));
    await make('-i', at('plain.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', at('rotated.mp4'));
    await make(
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=101x51:rate=25:duration=0.4',
      '-c:v',
      'libx264',
      '-pix_fmt',
      'yuv444p',
      at('odd.mp4'),
    );
    await make(...redAndBlue('64x48'), '-vf', 'setsar=3/2', ...H264, at('anamorphic.mp4'));
    await make(...redAndBlue('128x64'), ...H264, at('wide.ts'));
    await make(...redAndBlue('64x128'), ...H264, '-output_ts_offset', '0.4', at('tall.ts'));
    await writeFile(at('resizing.ts'), Buffer.concat([await readFile(at('wide.ts')), await readFile(at('tall.ts'))]));
  });

  it('works at the size of the largest picture, also when the first ones are small', async () => {
    await make(...redAndBlue('64x36'), ...H264, at('small.ts'));
    await make(...redAndBlue('256x144'), ...H264, at('big.ts'));
    await writeFile(at('growing.ts'), Buffer.concat([await readFile(at('small.ts')), await readFile(at('big.ts'))]));
    const frames = await collect(await openFile(at('growing.ts')));
    expect(frames).toHaveLength(20);
    for (const frame of frames) {
      mustBe(frame, 256, 144);
      expect(isRed(meanColour(frame, 0, 0, 0.4, 1))).toBe(true);
      expect(isBlue(meanColour(frame, 0.6, 0, 1, 1))).toBe(true);
    }
  });

  it('works at the size of the largest picture of an mp4, in fragments or with an index; from a pipe it says what is lost', async () => {
    await make(...redAndBlue('64x36'), ...H264, at('low.ts'));
    await make(...redAndBlue('256x144'), ...H264, '-output_ts_offset', '0.4', at('high.ts'));
    await writeFile(at('rising.ts'), Buffer.concat([await readFile(at('low.ts')), await readFile(at('high.ts'))]));
    const keepAll = ['-c', 'copy', '-bsf:v', 'dump_extra=freq=keyframe', '-tag:v', 'avc3'];
    await make('-i', at('rising.ts'), ...keepAll, '-movflags', 'frag_keyframe+empty_moov', at('rising.mp4'));
    const file = await openFile(at('rising.mp4'));
    for (const frame of await collect(file)) mustBe(frame, 256, 144);
    expect(file.report()).toMatchObject({ frames: 20, degraded: false, note: null });
    await make('-i', at('rising.ts'), '-c', 'copy', at('indexed.mp4'));
    const indexed = await openFile(at('indexed.mp4'));
    for (const frame of await collect(indexed)) mustBe(frame, 256, 144);
    expect(indexed.report()).toMatchObject({ frames: 20, degraded: false, note: null });
    const pipe = openStdin({}, createReadStream(at('rising.mp4')));
    for (const frame of await collect(pipe)) mustBe(frame, 64, 36);
    expect(pipe.report()).toMatchObject({
      degraded: true,
      note: '20 frames, the picture size changes from 64x36 to 256x144: save it to a file first',
    });
    const asked = openStdin({ width: 32 }, createReadStream(at('rising.mp4')));
    for (const frame of await collect(asked)) mustBe(frame, 32, 18);
    expect(asked.report()).toMatchObject({ degraded: false, note: null });
  });

  it('says when piped pictures of another shape are stretched', async () => {
    const pipe = openStdin({ width: 32 }, createReadStream(at('resizing.ts')));
    await collect(pipe);
    expect(pipe.report().note).toMatch(/the picture size changes from 128x64 to 64x128: save it to a file first/);
  });

  it('decodes video larger than 4096 pixels shrunk', async () => {
    await make(
      '-f',
      'lavfi',
      '-i',
      'color=red:s=8192x4096:r=5:d=0.4',
      '-c:v',
      'mjpeg',
      '-f',
      'matroska',
      at('huge.mkv'),
    );
    const frames = await collect(await openFile(at('huge.mkv')));
    expect(frames).toHaveLength(2);
    mustBe(frames[0], 4096, 2048);
  });

  it('shows colours where they are', async () => {
    const [frame] = await collect(await openFile(at('plain.mp4')));
    mustBe(frame, 64, 48);
    expect(isRed(meanColour(frame!, 0, 0, 0.4, 1))).toBe(true);
    expect(isBlue(meanColour(frame!, 0.6, 0, 1, 1))).toBe(true);
  });

  it('turns a picture the way its metadata says', async () => {
    const [frame] = await collect(await openFile(at('rotated.mp4')));
    mustBe(frame, 48, 64);
    // The way the metadata was written, this ffmpeg turns it clockwise or not; the halves are on top of each other anyway.
    const top = meanColour(frame!, 0, 0, 1, 0.4);
    const bottom = meanColour(frame!, 0, 0.6, 1, 1);
    expect([isRed(top) && isBlue(bottom), isBlue(top) && isRed(bottom)]).toContain(true);
  });

  it('keeps odd sizes', async () => {
    const frames = await collect(await openFile(at('odd.mp4')));
    expect(frames).toHaveLength(10);
    for (const frame of frames) mustBe(frame, 101, 51);
  });

  it('makes pixels square', async () => {
    const [frame] = await collect(await openFile(at('anamorphic.mp4')));
    mustBe(frame, 96, 48);
  });

  it.each([
    ['plain.mp4', 32, 24],
    ['rotated.mp4', 24, 32],
    ['odd.mp4', 40, 20],
    ['anamorphic.mp4', 48, 24],
  ])('--width scales %s to %i x %i', async (name, width, height) => {
    const [frame] = await collect(await openFile(at(name), { width }));
    mustBe(frame, width, height);
  });

  it('fits later pictures of another shape into the first size, whole and undistorted', async () => {
    const source = await openFile(at('resizing.ts'));
    const frames = await collect(source);
    expect(frames).toHaveLength(await countFrames(at('resizing.ts')));
    expect(source.report().degraded).toBe(false);
    for (const frame of frames) mustBe(frame, 128, 64);
    const first = frames[0]!;
    expect(isRed(meanColour(first, 0, 0, 0.4, 1))).toBe(true);
    const last = frames.at(-1)!;
    // 64x128 becomes 32x64 in the middle of 128x64.
    expect(isBlack(meanColour(last, 0, 0, 0.35, 1))).toBe(true);
    expect(isRed(meanColour(last, 0.4, 0.05, 0.48, 0.95))).toBe(true);
    expect(isBlue(meanColour(last, 0.52, 0.05, 0.6, 0.95))).toBe(true);
    expect(isBlack(meanColour(last, 0.65, 0, 1, 1))).toBe(true);
  });
});

describe('displaySize', () => {
  it.each([
    [
      { width: 640, height: 480 },
      { width: 640, height: 480 },
    ],
    [
      { width: 640, height: 480, side_data_list: [{ rotation: -90 }] },
      { width: 480, height: 640 },
    ],
    [
      { width: 640, height: 480, side_data_list: [{}, { rotation: 180 }] },
      { width: 640, height: 480 },
    ],
    [
      { width: 640, height: 480, tags: { rotate: '270' } },
      { width: 480, height: 640 },
    ],
    [
      { width: 720, height: 576, sample_aspect_ratio: '16:15' },
      { width: 768, height: 576 },
    ],
    [
      { width: 720, height: 576, sample_aspect_ratio: '0:1' },
      { width: 720, height: 576 },
    ],
    [{ width: 640, height: 480, side_data_list: [{ rotation: 45 }] }, null],
    [{ width: 0, height: 0 }, null],
  ])('%j -> %j', (stream, size) => {
    expect(displaySize(stream)).toEqual(size);
  });
});
