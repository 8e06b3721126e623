import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { useBundledFfmpeg } from '../../../../test/ingest/support/clips.js';
import { PEOPLE, photoPath } from '../../../../test/support/face-frames.js';
import { rememberNetworks } from '../../../../test/support/remembered-networks.js';
import { scratchDir } from '../../../../test/support/scratch.js';
import { loadFaceNets } from '../../../ingest/face/face-nets.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import { findFfmpeg } from '../../../ingest/ffmpeg/binaries.js';
import { openBackend } from '../../../model/engines/open-backend.js';
import { still } from '../../../../test/support/still-sample.js';
import type { FaceHandling, Sample } from '../sample.js';
import { LocalFaceCutter } from '../preprocess/face-cutter.js';
import { DetectedFaces, faceHandling } from './detected-faces.js';
import type { LabelledFace } from './face-dataset.js';

const GEOMETRY = { size: 8, channels: 1, eyes: { x: 0.5, y: 0.35 }, mouth: { x: 0.5, y: 0.75 } } as const;

const dir = await scratchDir();
const face = join(dir, 'face.png');
const video = join(dir, 'face-then-none.mp4');
let nets: FaceNets;

beforeAll(async () => {
  useBundledFfmpeg();
  rememberNetworks();
  await openBackend();
  nets = await loadFaceNets();
  for (const level of [10, 20, 30, 40]) await flat(level);
  await writeFile(join(dir, 'damaged.png'), 'no picture');
  const { photo, left, top, width, height } = PEOPLE.blond;
  await sharp(photoPath(photo)).extract({ left, top, width, height }).resize(240, 240).png().toFile(face);
  const { path: ffmpeg } = await findFfmpeg();
  const shown = [
    '-loop',
    '1',
    '-t',
    '0.2',
    '-r',
    '25',
    '-i',
    face,
    '-f',
    'lavfi',
    '-t',
    '0.16',
    '-i',
    'color=gray:size=240x240:rate=25',
  ];
  await promisify(execFile)(ffmpeg, [
    '-v',
    'error',
    ...shown,
    '-filter_complex',
    '[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]concat=n=2',
    '-y',
    video,
  ]);
});
afterAll(() => {
  vi.unstubAllEnvs();
  nets.dispose();
});

function flat(level: number): Promise<unknown> {
  return sharp({ create: { width: 12, height: 12, channels: 3, background: { r: level, g: level, b: level } } })
    .png()
    .toFile(join(dir, `${level}.png`));
}

function sample(fields: Partial<Sample> & Pick<Sample, 'id' | 'path'>): Sample {
  return still(fields.id, 'neutral', { split: 'test', ...fields });
}

async function cropsOf(
  samples: readonly Sample[],
  faces: FaceHandling,
): Promise<{ source: DetectedFaces; crops: LabelledFace[]; asked: number }> {
  let asked = 0;
  const source = new DetectedFaces(samples, {
    geometry: GEOMETRY,
    faces,
    cutter: () => {
      asked += 1;
      return Promise.resolve(
        new LocalFaceCutter(nets, { geometry: GEOMETRY, framesPerSecond: null, noFace: 'whole', scratch: dir }),
      );
    },
  });
  const crops: LabelledFace[] = [];
  for await (const crop of source) crops.push(crop);
  return { source, crops, asked };
}

const clip = sample({
  id: 'clip',
  path: dir,
  kind: 'clip',
  label: null,
  frames: [
    { index: 0, path: join(dir, '20.png') },
    { index: 3, path: join(dir, '30.png') },
    { index: 4, path: join(dir, '40.png') },
  ],
  frameLabels: ['fear', 'fear', null, null, 'anger'],
});

it('takes whole pictures and frames, in order, and skips unreadable ones', async () => {
  const { source, crops, asked } = await cropsOf(
    [sample({ id: 'p', path: join(dir, '10.png') }), sample({ id: 'd', path: join(dir, 'damaged.png') }), clip],
    'as-is',
  );
  expect(
    crops.map(({ id, frame, label: truth, timestamp, crop }) => [
      id,
      frame,
      truth,
      timestamp,
      crop?.data.length,
      crop?.data[0],
      crop?.data[63],
    ]),
  ).toEqual([
    ['p', null, 'neutral', 0, 64, 10, 10],
    ['clip', 0, 'fear', 0, 64, 20, 20],
    // Has a label and no picture.
    ['clip', 1, 'fear', 1 / 25, undefined, undefined, undefined],
    ['clip', 3, null, 3 / 25, 64, 30, 30],
    ['clip', 4, 'anger', 4 / 25, 64, 40, 40],
  ]);
  expect(source.notes.unreadable.map(({ path }) => path)).toEqual([join(dir, 'damaged.png')]);
  expect(source.notes.wholePictures).toBe(0);
  expect(asked).toBe(0);
});

it('finds and aligns faces where asked to, and takes a picture without one as a whole', async () => {
  const { source, crops } = await cropsOf(
    [sample({ id: 'face', path: face }), sample({ id: 'flat', path: join(dir, '10.png') }), clip],
    'detect',
  );
  // None of the clip's pictures shows a face, frame 1 is not there.
  expect(crops.map(({ id, frame, crop }) => [id, frame, crop !== null])).toEqual([
    ['face', null, true],
    ['flat', null, true],
    ...[0, 1, 3, 4].map((frame) => ['clip', frame, false]),
  ]);
  expect(crops[1]!.crop!.data).toEqual(new Float32Array(64).fill(10));
  expect(source.notes).toMatchObject({ wholePictures: 1, unreadable: [] });
  const whole = await cropsOf([sample({ id: 'face', path: face })], 'as-is');
  expect(crops[0]!.crop!.data).not.toEqual(whole.crops[0]!.crop!.data);
});

it('takes a frame that cannot be decoded for one without a face', async () => {
  const frames = [10, 20].map((level, i) => ({ index: 2 * i, path: join(dir, `${level}.png`) }));
  const damaged = sample({
    id: 'c',
    path: dir,
    kind: 'clip',
    frames: [frames[0]!, { index: 1, path: join(dir, 'damaged.png') }, frames[1]!],
  });
  const { source, crops } = await cropsOf([damaged], 'as-is');
  expect(crops.map(({ frame, label: truth, crop }) => [frame, truth, crop?.data[0]])).toEqual([
    [0, 'neutral', 10],
    [1, 'neutral', undefined],
    [2, 'neutral', 20],
  ]);
  expect(source.notes.unreadable.map(({ path }) => path)).toEqual([join(dir, 'damaged.png')]);
});

it('searches every frame of a video for the face, and gives those without too', async () => {
  const temporary = join(dir, 'temporary');
  await mkdir(temporary);
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, temporary);
  const frameLabels = Array.from({ length: 9 }, (_, i) => (i === 2 ? null : 'happiness'));
  const samples = [
    sample({ id: 'before', path: join(dir, '10.png') }),
    sample({ id: 'v', path: video, kind: 'clip', label: null, frameLabels }),
    sample({ id: 'gone', path: join(dir, 'gone.mp4'), kind: 'clip' }),
    sample({ id: 'after', path: join(dir, '20.png') }),
  ];
  const { source, crops } = await cropsOf(samples, 'as-is');
  const ids = crops.map(({ id }) => id);
  expect([ids[0], ids.at(-1)]).toEqual(['before', 'after']);
  const seen = crops.filter(({ id }) => id === 'v');
  expect(seen.map(({ frame }) => frame)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(seen.map(({ crop }) => crop !== null)).toEqual([true, true, true, true, true, false, false, false, false]);
  expect(seen.map(({ label: truth }) => truth)).toEqual(frameLabels);
  expect(source.notes.unreadable.map(({ path }) => path)).toEqual([join(dir, 'gone.mp4')]);
  expect(await readdir(temporary)).toEqual([]);
});

describe('face handling', () => {
  it('takes pictures as in the training of the model, unless told otherwise', async () => {
    expect(await faceHandling('auto', { framing: 'aligned' }, 'ferplus:somewhere')).toBe('detect');
    expect(await faceHandling('auto', { framing: 'whole' }, 'ferplus:somewhere')).toBe('as-is');
    expect(await faceHandling('as-is', { framing: 'aligned' }, 'ferplus:somewhere')).toBe('as-is');
    expect(await faceHandling('detect', { framing: 'whole' }, 'ferplus:somewhere')).toBe('detect');
  });

  it('does not search clips made of crops for faces that are aligned already', async () => {
    const dir = await scratchDir();
    expect(await faceHandling('auto', { framing: 'aligned' }, `manifest:${dir}`)).toBe('detect');
    for (const [aligned, expected] of [
      [true, 'as-is'],
      [false, 'detect'],
    ] as const) {
      await writeFile(join(dir, 'synthetic.json'), JSON.stringify({ aligned }));
      expect(await faceHandling('auto', { framing: 'aligned' }, `manifest:${dir}`)).toBe(expected);
    }
  });
});
