import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import type { Box } from '../../src/ingest/face/align/geometry.js';
import type { FrameResult } from '../../src/stream/pipeline/frame-result.js';
import { openWriters } from '../../src/stream/output/formats.js';
import type { OutputContext, OutputWriters } from '../../src/stream/results/output-format.js';
import { ffmpegs, frameTimes, makeMedia, rgbFrame, streams, temporaryFolder } from './support/media.js';
import { GOOD, METADATA, face, frame } from './support/results.js';

const SIZE = { width: 320, height: 240 };
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
/** Sources are made once and read by every ffmpeg. */
const SOURCES = temporaryFolder();
const BLACK = 'color=c=black:s=320x240';

/** Where the face of frame `index` is: it moves 6 pixels a frame. */
function boxAt(index: number): Box {
  return { x: 10 + ((index * 6) % 200), y: 60, width: 70, height: 90 };
}

/** A face that moves, "neutral" because that is drawn nearly white. */
function moving(index: number, timestamp: number, size = SIZE): FrameResult {
  return frame(index, timestamp, [face(1, 'neutral', { box: boxAt(index) })], size);
}

async function overlay(
  source: string,
  results: readonly FrameResult[],
  context: Partial<OutputContext>,
  dir = temporaryFolder(),
): Promise<string> {
  const writers = await openWriters(['overlay'], dir, 'clip', METADATA, { sourcePath: source, ...context });
  try {
    for (const result of results) await writers.write(result);
    await writers.finish({ ...GOOD, frames: results.length });
  } catch (error) {
    await writers.abort();
    throw error;
  }
  expect(await readdir(dir)).toContain('clip.overlay.mp4');
  expect((await readdir(dir)).filter((name) => name.startsWith('.'))).toEqual([]);
  return writers.paths[0]!;
}

/** Columns of the row through the middle of the box in which something bright is drawn. */
async function brightColumns(path: string, index: number, size = SIZE, row = 105): Promise<number[]> {
  const pixel = await rgbFrame(path, index, size);
  return Array.from({ length: size.width }, (_, x) => x).filter((x) => Math.max(...pixel(x, row)) > 120);
}

function expectBox(columns: readonly number[], box: Box): void {
  expect(columns.length).toBeGreaterThan(0);
  expect(Math.abs(columns[0]! - box.x)).toBeLessThanOrEqual(1.5);
  expect(Math.abs(columns.at(-1)! + 1 - box.x - box.width)).toBeLessThanOrEqual(1.5);
}

function expectTimes(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  const worst = Math.max(...actual.map((time, index) => Math.abs(time - expected[index]!)));
  expect(worst).toBeLessThan(0.0011);
}

describe.each(await ffmpegs())('the overlay made by ffmpeg $name', ({ ffmpeg }) => {
  it('shows every frame at its time with its own box, keeps the sound, for any file name', async () => {
    const dir = join(temporaryFolder(), `it's [a] "b": c, día;%d \\n=x`);
    await mkdir(dir);
    const source = join(SOURCES, `src 'q' [1]:;,%03d.mp4`);
    makeMedia(
      '-f',
      'lavfi',
      '-i',
      `${BLACK}:r=30000/1001:d=1.5`,
      '-f',
      'lavfi',
      '-i',
      'sine=d=1.5',
      ...H264,
      '-c:a',
      'aac',
      source,
    );
    const times = await frameTimes(source);
    const made = await overlay(
      source,
      times.map((time, index) => moving(index, Math.round(time * 1000) / 1000)),
      { ffmpeg },
      dir,
    );
    expectTimes(await frameTimes(made), times);
    for (const index of [0, 1, 22, times.length - 1]) expectBox(await brightColumns(made, index), boxAt(index));
    const [video, sound] = await streams(made);
    expect(video).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p', ...SIZE });
    expect(sound).toMatchObject({ codec_name: 'aac' });
    // The last frame lasts as long as the others, also where ffmpeg gave it no time.
    expect(Math.abs(Number(video?.duration) - times.length * (1001 / 30000))).toBeLessThan(0.002);
    // Copied, not encoded again: encoders differ.
    expect(sound?.duration).toBe((await streams(source))[1]?.duration);
    // The label is above the box.
    const pixel = await rgbFrame(made, 3, SIZE);
    const { x, y } = boxAt(3);
    const label = Array.from({ length: 60 }, (_, column) =>
      Array.from({ length: 10 }, (_, row) => pixel(x + column, y - 4 - row)[0]),
    ).flat();
    expect(label.filter((value) => value > 120).length).toBeGreaterThan(40);
  });

  it('keeps variable rate and start offset, applies rotation, and encodes sound that mp4 cannot contain', async () => {
    const flat = join(SOURCES, 'flat.mov');
    const source = join(SOURCES, 'turned.mov');
    const variable = "select='not(mod(n,3))+gt(n,20)',setpts=PTS+0.7/TB";
    makeMedia(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=484x260:r=25:d=2',
      '-f',
      'lavfi',
      '-i',
      'sine=d=2',
      '-vf',
      variable,
      '-vsync',
      'vfr',
      ...H264,
      '-c:a',
      'pcm_s16le',
      flat,
    );
    makeMedia('-i', flat, '-map', '0', '-c', 'copy', '-metadata:s:v', 'rotate=90', source);
    const times = await frameTimes(source);
    expect(new Set(times.slice(1).map((time, index) => (time - times[index]!).toFixed(2))).size).toBeGreaterThan(1);
    expect(times[0]).toBeGreaterThan(0.5);
    const upright = { width: 260, height: 484 };
    const results = times.map((time, index) =>
      frame(index, time, [face(1, 'neutral', { box: { x: 80, y: 300, width: 120, height: 120 } })], upright),
    );
    const made = await overlay(source, results, { ffmpeg });
    expectTimes(await frameTimes(made), times);
    const [video, sound] = await streams(made);
    expect(video).toMatchObject(upright);
    expect(JSON.stringify(video?.side_data_list ?? [])).not.toMatch(/rotation/);
    expect(sound).toMatchObject({ codec_name: 'aac' });
    const [was, is] = [await rgbFrame(source, 5, upright), await rgbFrame(made, 5, upright)];
    for (const [x, y] of [
      [40, 40],
      [220, 40],
      [40, 450],
      [220, 450],
      [140, 360],
    ] as const) {
      for (const channel of [0, 1, 2] as const)
        expect(Math.abs(was(x, y)[channel] - is(x, y)[channel])).toBeLessThan(40);
    }
    expect(Math.min(...is(81, 360))).toBeGreaterThan(120);
    expect(Math.min(...was(81, 360))).toBeLessThan(120);
  });

  it('reads an address twice, for any server name', async () => {
    const source = join(SOURCES, 'served.mp4');
    makeMedia('-f', 'lavfi', '-i', `${BLACK}:r=25:d=0.6`, ...H264, '-movflags', '+faststart', source);
    const times = await frameTimes(source);
    const bytes = (await stat(source)).size;
    let breaks = false;
    const server = createServer((_, response) => {
      response.setHeader('content-length', bytes);
      if (breaks) {
        createReadStream(source, { end: bytes - 100 })
          .on('end', () => setTimeout(() => response.destroy(), 100))
          .pipe(response, { end: false });
      } else createReadStream(source).pipe(response);
    });
    await once(server.listen(0, 'localhost'), 'listening');
    const url = `http://localhost:${(server.address() as AddressInfo).port}/served.mp4`;
    const dir = temporaryFolder();
    const metadata = { ...METADATA, input: { ...METADATA.input, name: url, kind: 'url' as const } };
    const open = () => openWriters(['overlay'], dir, 'clip', metadata, { sourcePath: url, ffmpeg });
    const cut = await open();
    breaks = true;
    for (const [index, time] of times.entries()) await cut.write(moving(index, time));
    await expect(cut.finish({ ...GOOD, frames: times.length })).rejects.toMatchObject({ code: 'INPUT_STALLED' });
    await cut.abort();
    breaks = false;
    const writers = await open();
    for (const [index, time] of times.entries()) await writers.write(moving(index, time));
    await writers.finish({ ...GOOD, frames: times.length });
    expectTimes(await frameTimes(writers.paths[0]!), times);
    expectBox(await brightColumns(writers.paths[0]!, 7), boxAt(7));
    server.close();
  });

  it.each(['mp4', 'ts'])('shows only the part that was annotated, from zero, of an %s', async (container) => {
    const source = join(SOURCES, `long.${container}`);
    makeMedia(
      '-f',
      'lavfi',
      '-i',
      `${BLACK}:r=25:d=9`,
      '-f',
      'lavfi',
      '-i',
      'sine=d=9',
      ...H264,
      '-g',
      '50',
      '-bf',
      '2',
      '-c:a',
      'aac',
      source,
    );
    const all = await frameTimes(source);
    const [start, end] = [all[163]!, all[188]!];
    const times = all.filter((time) => time >= start && time < end);
    const made = await overlay(
      source,
      times.map((time, index) => moving(index, time)),
      { ffmpeg, range: { start, end } },
    );
    expectTimes(
      await frameTimes(made),
      times.map((time) => time - start),
    );
    for (const index of [0, 12, 24]) expectBox(await brightColumns(made, index), boxAt(index));
    const sound = (await streams(made))[1]!;
    expect(Math.abs(Number(sound.start_time))).toBeLessThan(0.1);
    expect(Math.abs(Number(sound.duration) - 1)).toBeLessThan(0.2);
  });

  it('shows every frame where fewer were annotated, at the size of the source where that was scaled', async () => {
    const source = join(SOURCES, 'short.mkv');
    makeMedia('-f', 'lavfi', '-i', `${BLACK}:r=25:d=1`, ...H264, source);
    const times = await frameTimes(source);
    const half = { width: 160, height: 120 };
    const results = times.flatMap((time, index) => {
      if (index % 5 !== 0) return [];
      const { x, y, width, height } = boxAt(index);
      return [
        frame(
          index / 5,
          time,
          [face(1, 'neutral', { box: { x: x / 2, y: y / 2, width: width / 2, height: height / 2 } })],
          half,
        ),
      ];
    });
    const made = await overlay(source, results, { ffmpeg, scaled: true });
    expectTimes(await frameTimes(made), times);
    for (const index of [0, 4, 5, 9, 24]) expectBox(await brightColumns(made, index), boxAt(index - (index % 5)));
  });

  it('takes odd sizes, oblong pixels and streams without times', async () => {
    const odd = join(SOURCES, 'odd.mkv');
    makeMedia('-f', 'lavfi', '-i', 'testsrc2=s=161x121:r=25:d=0.4,format=yuv444p,setsar=2', '-c:v', 'ffv1', odd);
    // Its display size, as the annotation saw it.
    const shown = { width: 322, height: 121 };
    const times = await frameTimes(odd);
    const made = await overlay(
      odd,
      times.map((time, index) => frame(index, time, [], shown)),
      { ffmpeg },
    );
    expectTimes(await frameTimes(made), times);
    expect((await streams(made))[0]).toMatchObject({ width: 322, height: 120, sample_aspect_ratio: '1:1' });

    const bare = join(SOURCES, 'bare.h264');
    makeMedia('-f', 'lavfi', '-i', `${BLACK}:r=20:d=1`, ...H264, bare);
    const paced = Array.from({ length: 20 }, (_, index) => index / 20);
    const fromBare = await overlay(
      bare,
      paced.map((time, index) => moving(index, time)),
      { ffmpeg },
    );
    expectTimes(await frameTimes(fromBare), paced);
    for (const index of [0, 10, 19]) expectBox(await brightColumns(fromBare, index), boxAt(index));
  });

  it('begins at zero where a recording begins at some time of day', async () => {
    const source = join(SOURCES, 'dvr.ts');
    makeMedia('-f', 'lavfi', '-i', `${BLACK}:r=25:d=1`, ...H264, '-output_ts_offset', '50000', source);
    const times = await frameTimes(source);
    expect(times[0]).toBeGreaterThan(50_000);
    const made = await overlay(
      source,
      times.map((time, index) => moving(index, time)),
      { ffmpeg },
    );
    expectTimes(
      await frameTimes(made),
      times.map((time) => time - times[0]!),
    );
    expectBox(await brightColumns(made, 20), boxAt(20));
  });

  it('is made of an image folder, at the pace at which it was annotated', async () => {
    const dir = temporaryFolder();
    const paths: string[] = [];
    for (let index = 0; index < 6; index++) {
      const path = join(dir, `it's ${index}.png`);
      // The third has another shape, the fourth cannot be read.
      const size = index === 2 ? { width: 120, height: 240 } : SIZE;
      if (index === 3) await writeFile(path, 'no picture');
      else
        await sharp({ create: { ...size, channels: 3, background: index === 2 ? '#400' : '#000' } })
          .png()
          .toFile(path);
      paths.push(path);
    }
    const results = [0, 1, 2, 4, 5].map((position, index) => {
      const size = position === 2 ? { width: 120, height: 240 } : SIZE;
      const box = position === 2 ? { x: 20, y: 60, width: 70, height: 90 } : boxAt(position);
      return frame(index, position / 2, [face(1, 'neutral', { box })], size);
    });
    const metadata = { ...METADATA, input: { ...METADATA.input, kind: 'images' as const }, settings: { fps: 2 } };
    const writers = await openWriters(['overlay'], dir, 'clip', metadata, {
      sourcePath: dir,
      imagePaths: paths,
      ffmpeg,
    });
    for (const result of results) await writers.write(result);
    await writers.finish(GOOD);
    const made = writers.paths[0]!;
    expectTimes(await frameTimes(made), [0, 0.5, 1, 1.5, 2, 2.5]);
    expectBox(await brightColumns(made, 1), boxAt(1));
    expectBox(await brightColumns(made, 2), { ...boxAt(0), x: 120 });
    expectBox(await brightColumns(made, 5), boxAt(5));
  });

  describe('on a machine without fonts', () => {
    const former = process.env['FONTCONFIG_FILE'];
    afterEach(() => {
      if (former === undefined) delete process.env['FONTCONFIG_FILE'];
      else process.env['FONTCONFIG_FILE'] = former;
    });

    it('still shows boxes and labels', async () => {
      const dir = temporaryFolder();
      const source = join(SOURCES, 'short.mkv');
      makeMedia('-f', 'lavfi', '-i', `${BLACK}:r=25:d=1`, ...H264, source);
      process.env['FONTCONFIG_FILE'] = join(dir, 'fonts.conf');
      await writeFile(process.env['FONTCONFIG_FILE'], '<?xml version="1.0"?><fontconfig></fontconfig>');
      const made = await overlay(source, [moving(0, 0)], { ffmpeg });
      expectBox(await brightColumns(made, 0), boxAt(0));
      expect((await brightColumns(made, 0, SIZE, boxAt(0).y - 6)).length).toBeGreaterThan(5);

      // What would be seen without the font that ferstream brings: nothing at all.
      const bare = join(dir, 'bare.mp4');
      const writers = await openWriters(['ass'], dir, 'clip', METADATA, { sourcePath: null });
      await writers.write(moving(0, 0));
      await writers.finish(GOOD);
      execFileSync(ffmpeg.path, [
        '-v',
        'quiet',
        '-nostdin',
        '-i',
        source,
        '-vf',
        `ass=${writers.paths[0]!}`,
        '-f',
        'mp4',
        bare,
      ]);
      expect(await brightColumns(bare, 0)).toEqual([]);
    });
  });
});

describe('an overlay that cannot be made', () => {
  const open = (
    context: Partial<OutputContext>,
    kind: 'file' | 'stdin' | 'images' = 'file',
    dir = temporaryFolder(),
  ): Promise<OutputWriters> =>
    openWriters(
      ['csv', 'overlay'],
      dir,
      'clip',
      { ...METADATA, input: { ...METADATA.input, kind } },
      { sourcePath: null, ...context },
    );

  it('is refused for a pipe, and for images without their list', async () => {
    const dir = temporaryFolder();
    await expect(open({}, 'stdin', dir)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/reads the video twice/) as string,
    });
    await expect(open({ sourcePath: dir }, 'images', dir)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await readdir(dir)).toEqual([]);
  });

  it('is refused before the work when ffmpeg lacks what it takes', async () => {
    const poor = join(temporaryFolder(), 'ffmpeg');
    await writeFile(poor, '#!/bin/sh\necho "Unknown filter"\n');
    await chmod(poor, 0o755);
    await expect(open({ sourcePath: 'clip.mp4', ffmpeg: { path: poor, frameSync: '-vsync' } })).rejects.toMatchObject({
      code: 'FFMPEG_MISSING',
      message: expect.stringMatching(/built without libass/) as string,
    });
  });

  it('says so in one line, and no other output of the input appears', async () => {
    const dir = temporaryFolder();
    const writers = await open({ sourcePath: join(dir, 'gone.mp4') }, 'file', dir);
    await writers.write(moving(0, 0));
    await expect(writers.finish(GOOD)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    await writers.abort();
    expect(await readdir(dir)).toEqual([]);
  });

  it.each(['abort', 'signal'] as const)('because of %s leaves neither files nor ffmpeg', async (how) => {
    const dir = temporaryFolder();
    const source = join(SOURCES, 'long.mov');
    const second = join(SOURCES, 'second.mp4');
    makeMedia('-f', 'lavfi', '-i', 'color=c=gray:s=1280x720:r=25:d=1', ...H264, second);
    makeMedia('-stream_loop', '29', '-i', second, '-c', 'copy', source);
    const stop = new AbortController();
    const writers = await open({ sourcePath: source, signal: stop.signal }, 'file', dir);
    await writers.write(moving(0, 0, { width: 1280, height: 720 }));
    const finished = writers.finish(GOOD).catch((error: unknown) => error);
    await untilEncoding(dir);
    if (how === 'signal') stop.abort();
    else await writers.abort();
    expect(await finished).toMatchObject({ code: 'INTERRUPTED' });
    await writers.abort();
    expect(await readdir(dir)).toEqual([]);
    const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(running).not.toContain(source);
  });

  it('for want of disk space says so', async ({ skip }) => {
    const source = join(temporaryFolder(), 'source.mp4');
    makeMedia('-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=0.4,noise=alls=80:allf=t', ...H264, source);
    const dir = temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', dir], { stdio: 'pipe' });
    } catch (error) {
      console.warn(
        `SKIPPED: an overlay on a full disk was not tried, a tiny tmpfs cannot be mounted here: ${String(error)}`,
      );
      skip();
    }
    try {
      await expect(overlay(source, [moving(0, 0)], {}, dir)).rejects.toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
        message: expect.stringMatching(/clip\.overlay\.mp4: the disk is full/) as string,
      });
      expect(await readdir(dir)).toEqual([]);
    } finally {
      execFileSync('umount', [dir]);
    }
  });
});

/** Waits until ffmpeg has begun to write. */
async function untilEncoding(dir: string): Promise<void> {
  for (;;) {
    const [folder] = (await readdir(dir)).filter((name) => name.includes('overlay'));
    if (folder !== undefined && (await readdir(join(dir, folder))).includes('video.mp4')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
