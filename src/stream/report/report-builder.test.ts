import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, vi } from 'vitest';
import { GOOD, LABELS, METADATA, face, frame } from '../../../test/output/support/results.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { findFfmpeg, runProcess } from '../../ingest/ffmpeg/binaries.js';
import { MAX_BINS } from './binned-timeline.js';
import { reportPage } from './recording-page.js';
import { ReportBuilder } from './report-builder.js';
import { NO_PICTURES, reportPictures } from './thumbnails.js';

const FIELDS = 4 + LABELS.length;
const HAPPY = LABELS.indexOf('happiness');

it('averages frames over bins by the time they were shown, at any frame rate', () => {
  const builder = new ReportBuilder(METADATA);
  builder.push(frame(0, 10, [face(1, 'happiness', { probability: 1 })]));
  builder.push(frame(1, 11, [face(1, 'sadness', { probability: 1, trust: 'unusable' })]));
  builder.push(frame(2, 12, []));
  const { faces, binWidth, start, end } = builder.end({ ...GOOD, frames: 3 });
  expect([start, end]).toEqual([10, 13]);
  const { first, rows } = faces[0]!;
  expect(first).toBe(0);
  expect(rows.length / FIELDS).toBe(2 / binWidth);
  const row = (bin: number): number[] => [...rows.slice(bin * FIELDS, (bin + 1) * FIELDS)];
  // Seconds, sure, unusable; then the posterior of happiness.
  expect([...row(0).slice(0, 3), row(0)[4 + HAPPY]]).toEqual([255, 255, 0, 255]);
  expect([...row(1 / binWidth).slice(0, 3), row(1 / binWidth)[4 + HAPPY]]).toEqual([255, 0, 255, 0]);
});

it('keeps memory flat: long footage has wider bins, with the same averages', () => {
  const builder = new ReportBuilder(METADATA);
  const half = 2000;
  for (let i = 0; i < 2 * half; i++) builder.push(frame(i, 10 * i, [face(1, i < half ? 'happiness' : 'fear')]));
  const { faces, binWidth } = builder.end({ ...GOOD, frames: 2 * half });
  const { rows } = faces[0]!;
  const bins = rows.length / FIELDS;
  expect(bins).toBeLessThanOrEqual(MAX_BINS);
  expect(bins).toBe(Math.ceil((20 * half) / binWidth));
  const posteriors = Array.from({ length: bins }, (_, bin) => rows[bin * FIELDS + 4 + HAPPY]!);
  expect(new Set(posteriors.slice(0, (10 * half) / binWidth - 1))).toEqual(new Set([204]));
  expect(new Set(posteriors.slice((10 * half) / binWidth + 1))).toEqual(new Set([8]));
});

it('counts transitions in usable footage only, and lists what is unusable with its reasons', () => {
  const builder = new ReportBuilder(METADATA);
  const blurred = { ...face(1, 'fear').quality, sharpness: 0.1 };
  const plan: [number, ReturnType<typeof face>[]][] = [
    [10, [face(1, 'neutral')]],
    [10, [face(1, 'happiness')]],
    [10, [face(1, 'neutral')]],
    [10, [face(1, 'happiness')]],
    [10, [face(1, 'fear', { trust: 'unusable', quality: blurred, name: 'Ann' })]],
    [10, [face(1, 'neutral')]],
    [20, []],
  ];
  let index = 0;
  for (const [count, faces] of plan) for (let i = 0; i < count; i++) builder.push(frame(index, index++ / 10, faces));
  const { faces, troubles } = builder.end({ ...GOOD, frames: index });
  const counts = [...faces[0]!.transitions].map(([from, to]) => [from, ...to]);
  expect(counts).toEqual([
    ['neutral', ['happiness', 2]],
    ['happiness', ['neutral', 1]],
  ]);
  expect(
    troubles.map(({ start, end, ...rest }) => ({ ...rest, start, seconds: Math.round((end - start) * 10) / 10 })),
  ).toEqual([
    { trackId: 1, name: 'Ann', what: 'blurred', start: 4, seconds: 1 },
    { trackId: null, what: 'no face', start: 6, seconds: 2 },
  ]);
});

it('shows each face where it is seen best', () => {
  const builder = new ReportBuilder(METADATA);
  const quality = face(1, 'neutral').quality;
  builder.push(frame(0, 0, [face(1, 'neutral', { quality: { ...quality, overall: 0.3 } })]));
  builder.push(frame(1, 1, [face(1, 'neutral')]));
  builder.push(frame(2, 2, [face(1, 'neutral', { trust: 'unusable' })]));
  expect(builder.end({ ...GOOD, frames: 3 }).faces[0]!.best.timestamp).toBe(1);
});

it.each([
  ['https://host/caf%E9.mp4', 'https://host/caf%E9.mp4'],
  ['https://host/100%.mp4', 'https://host/100%.mp4'],
  ['./caf%C3%A9.mp4', './café.mp4'],
])('names the footage, also where its address is not UTF-8: %s', (media, shown) => {
  const page = reportPage(new ReportBuilder(METADATA).end(GOOD), NO_PICTURES, media);
  expect(page).toContain(`<code>${shown}</code>`);
});

/** The strongest channel of a data URI. */
async function brightest(uri: string | undefined): Promise<number> {
  const { channels } = await sharp(Buffer.from(uri!.split(',')[1]!, 'base64')).stats();
  const means = channels.map(({ mean }) => mean);
  return means.indexOf(Math.max(...means));
}

it('shows the images of a part of a folder', async () => {
  const folder = await scratchDir();
  const colours = { 'a.png': '#f00', 'b.png': '#0f0', 'c.png': '#00f' };
  for (const [name, background] of Object.entries(colours)) {
    await sharp({ create: { width: 320, height: 240, channels: 3, background } }).toFile(join(folder, name));
  }
  const metadata = { ...METADATA, input: { ...METADATA.input, kind: 'images' as const } };
  const builder = new ReportBuilder(metadata);
  // The first image is before the start.
  builder.push(frame(0, 1, [], { file: 'b.png' }));
  builder.push(frame(1, 2, [face(1, 'happiness')], { file: 'c.png' }));
  const imagePaths = Object.keys(colours).map((name) => join(folder, name));
  const { images, faces } = await reportPictures(builder.end(GOOD), metadata, { sourcePath: folder, imagePaths });
  expect(await Promise.all([brightest(images.get(0)), brightest(images.get(1)), brightest(faces.get(1))])).toEqual([
    1, 2, 2,
  ]);
});

it.runIf(process.platform !== 'win32')('decodes footage without an index once for all faces', async () => {
  const folder = await scratchDir();
  const path = join(folder, 'colours.ts');
  const { path: ffmpeg } = await findFfmpeg();
  const colours = ['red', 'lime', 'blue'].flatMap((c) => ['-f', 'lavfi', '-i', `color=${c}:s=320x240:r=10:d=1`]);
  const coded = ['-filter_complex', 'concat=n=3', '-c:v', 'mpeg2video', '-muxdelay', '0', '-muxpreload', '0'];
  await runProcess(ffmpeg, ['-v', 'error', ...colours, ...coded, path], 60_000);
  const builder = new ReportBuilder(METADATA);
  for (const [i, id] of [2, 3, 1].entries()) builder.push(frame(i, i + 0.5, [face(id, 'happiness')]));
  const counted = join(folder, 'ffmpeg');
  const runs = join(folder, 'runs');
  await writeFile(counted, `#!/bin/sh\ncase "$*" in *" -i "*) echo >> "${runs}" ;; esac\nexec "${ffmpeg}" "$@"\n`);
  await chmod(counted, 0o755);
  vi.stubEnv('FFMPEG_PATH', counted);
  try {
    const { faces } = await reportPictures(builder.end({ ...GOOD, frames: 3 }), METADATA, { sourcePath: path });
    expect(await Promise.all([2, 3, 1].map((id) => brightest(faces.get(id))))).toEqual([0, 1, 2]);
    expect(await readFile(runs, 'utf8')).toBe('\n');
  } finally {
    vi.unstubAllEnvs();
  }
});

it('lists each weak image of a folder by its name, at any rate', () => {
  const metadata = { ...METADATA, input: { ...METADATA.input, kind: 'images' as const }, settings: { fps: 10 } };
  const builder = new ReportBuilder(metadata);
  const blurred = { trust: 'unusable', quality: { ...face(1, 'fear').quality, sharpness: 0.1 } } as const;
  builder.push(frame(0, 0, [face(1, 'fear')], { file: 'a.png' }));
  builder.push(frame(1, 0.1, [face(1, 'fear', blurred), face(2, 'fear', blurred)], { file: 'b.png' }));
  builder.push(frame(2, 0.2, [face(1, 'fear', blurred)], { file: 'c.png' }));
  builder.push(frame(3, 0.3, [], { file: 'd <d>.png' }));
  const content = builder.end(GOOD);
  expect(content.troubles.map(({ file, trackId, what }) => [file, trackId, what])).toEqual([
    ['b.png', 1, 'blurred'],
    ['b.png', 2, 'blurred'],
    ['c.png', 1, 'blurred'],
    ['d <d>.png', null, 'no face'],
  ]);
  const page = reportPage(content, NO_PICTURES, null);
  const rows = [...page.matchAll(/<th scope="row">([^<]*)<\/th>\s*<td class="text">/g)].map(([, cell]) => cell);
  expect(rows).toEqual(['b.png', 'b.png', 'c.png', 'd &lt;d&gt;.png']);
  expect(page).toMatch(/<dt>Weak images<\/dt>\s*<dd>3<\/dd>/);
});
