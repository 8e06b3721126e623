import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../../../model/tfjs.js';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { useBundledFfmpeg } from '../../../../test/ingest/support/clips.js';
import { writeFaceTree } from '../../../../test/support/face-tree.js';
import { forgetAnswers, rememberNetworks } from '../../../../test/support/remembered-networks.js';
import { startFer } from '../../../../test/support/run-fer.js';
import { scratchDir } from '../../../../test/support/scratch.js';
import { openBackend } from '../../../model/engines/open-backend.js';
import { saveCheckpoint } from '../../../model/checkpoint/checkpoint.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { encoderOf, frameClassifier } from '../../../model/networks/classifier.js';
import { compactResidualNet } from '../../../model/networks/residual-net.js';
import { checkDataset } from '../check-dataset.js';
import { deduplicate } from '../content.js';
import { labelAt } from '../sample.js';
import { openDataset } from '../formats/registry.js';
import { openCutter } from './open-cutter.js';
import { openPrepared } from './read-prepared.js';
import { prepareDataset } from './prepare-dataset.js';
import { prepareFeatures } from './prepare-features.js';

/** Samples of the generated data set. */
const TOTAL = 11;
const FILES = ['crops.bin', 'samples.jsonl', 'prepared.json'];

function contents(folder: string): Promise<Buffer[]> {
  return Promise.all(FILES.map((name) => readFile(join(folder, name))));
}

/** Holds the first samples of what one run of them all has written. */
async function expectBeginning(folder: string): Promise<void> {
  const [crops, rows] = (await contents(folder)) as [Buffer, Buffer];
  const [allCrops, allRows] = (await contents(prepared)) as [Buffer, Buffer];
  expect(allCrops.subarray(0, crops.length).equals(crops) && allRows.subarray(0, rows.length).equals(rows)).toBe(true);
}

let root = '';
let location = '';
let prepared = '';
beforeAll(async () => {
  useBundledFfmpeg();
  rememberNetworks();
  await openBackend();
  root = await scratchDir();
  location = `manifest:${join(root, 'faces')}`;
  prepared = join(root, 'prepared');
  await writeFaceTree(join(root, 'faces'), { more: 3 });
});

it('keeps what is contested', async () => {
  const dataset = await openDataset(location);
  const images = dataset.samples.filter(({ id }) => id === 'large.png' || id === 'noise.png');
  const folder = join(root, 'contested');
  await prepareDataset(
    {
      ...dataset,
      samples: images.map((sample) => (sample.id === 'noise.png' ? { ...sample, contested: true as const } : sample)),
    },
    folder,
  );
  const open = await openPrepared(folder);
  expect(open.samples.map(({ id, contested }) => [id, contested]).sort()).toEqual([
    ['large.png', undefined],
    ['noise.png', true],
  ]);
  await open.close();
  await expect(prepareDataset({ ...dataset, samples: images }, folder)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

it('takes clips of aligned faces whole, as training on them does', async () => {
  const folder = join(root, 'aligned');
  await mkdir(join(folder, 'clip'), { recursive: true });
  const pictures = [1, 2].map((n) => Uint8Array.from({ length: 48 * 48 }, (_, i) => (i * n) % 251));
  for (const [i, picture] of pictures.entries())
    await sharp(picture, { raw: { width: 48, height: 48, channels: 1 } }).toFile(join(folder, 'clip', `000${i}.png`));
  await writeFile(join(folder, 'manifest.jsonl'), '{"path":"clip","split":"train","label":"anger"}\n');
  await writeFile(join(folder, 'synthetic.json'), '{"aligned":true}');
  const output = join(root, 'aligned-prepared');
  const summary = await prepareDataset(await openDataset(`manifest:${folder}`), output);
  expect(summary).toMatchObject({ crops: 2, counts: { detected: 1, none: 0 } });
  expect((await readFile(join(output, 'crops.bin'))).equals(Buffer.concat(pictures))).toBe(true);
});

it('cuts the faces of images, folders of frames and videos, and passes over what cannot be read', async () => {
  const dataset = await openDataset(location);
  forgetAnswers();
  const before = tf.memory().numTensors;
  const told: number[] = [];
  const summary = await prepareDataset(dataset, prepared, { onProgress: ({ done }) => told.push(done) });
  expect(tf.memory().numTensors).toBe(before);
  expect(summary).toMatchObject({ samples: TOTAL, resumed: 0, counts: { detected: 8, whole: 1, none: 0, failed: 2 } });
  expect(summary.failures.map(({ id }) => id)).toEqual(['cut.png', 'none.mp4']);
  expect(summary.damaged).toEqual([{ id: 'clip', note: '3 of 4 pictures, 1 unreadable' }]);
  expect([told[0], told.at(-1)]).toEqual([0, TOTAL]);
  expect((await readdir(prepared)).sort()).toEqual(['crops.bin', 'prepared.json', 'samples.jsonl']);

  const open = await openPrepared(prepared);
  const byId = new Map(open.samples.map((sample) => [sample.id, sample]));
  expect(open.labels.labels).toEqual(dataset.labels.labels);
  expect(open.dataset.leftOut).toEqual({ 'could not be read': 2 });
  expect(open.samples.every(({ crops }) => crops > 0)).toBe(true);
  expect(byId.get('large.png')).toMatchObject({
    kind: 'image',
    label: 'happiness',
    split: 'train',
    subject: 'Ann',
    origin: 'detected',
    firstCrop: 0,
    crops: 1,
  });
  expect(byId.get('noise.png')).toMatchObject({ origin: 'whole', crops: 1 });
  // Numbered 1, 2, 3 (damaged) and 5 in the folder: the frames keep the places that the reader gives them.
  const clip = byId.get('clip')!;
  expect(clip.readFrames.map(({ crop }) => crop !== null)).toEqual([true, true, false, true]);
  expect(clip.readFrames.map(({ index }) => index)).toEqual(
    dataset.samples.find(({ id }) => id === 'clip')!.frames!.map(({ index }) => index),
  );
  expect(clip.readFrames.filter(({ crop }) => crop !== null).map(({ crop }) => crop! - clip.firstCrop)).toEqual([
    0, 1, 2,
  ]);
  // Labels by frame of the footage, for as far as they go.
  const walk = byId.get('walk.mp4')!;
  expect(walk.frameLabels).toEqual(['sadness', null, 'sadness', 'happiness', 'happiness', null, null, null]);
  expect(walk.crops).toBe(8);
  const stretch = byId.get('walk.mp4#2')!;
  expect(stretch.readFrames.map(({ timestamp }) => timestamp)).toEqual([0.16, 0.2, 0.24, 0.28]);

  // The same moment of the video, by way of either sample, the last crop of one and a crop of the other read together.
  const [a, b] = [walk.readFrames[5]!.crop!, stretch.readFrames[1]!.crop!];
  const both = await open.crops.read([b, a]);
  expect(correlation(both.subarray(0, 2304), both.subarray(2304))).toBeGreaterThan(0.95);
  const bytes = await readFile(join(prepared, 'crops.bin'));
  expect(
    Buffer.concat([3, 1, 2].map((i) => bytes.subarray(i * 2304, (i + 1) * 2304))).equals(
      await open.crops.read([3, 1, 2]),
    ),
  ).toBe(true);
  await expect(open.crops.read([open.crops.count])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(open.features).toBeNull();
  await open.close();
});

it('keeps a picture without a face whole, and aligns a small picture of a face like the large one', async () => {
  const open = await openPrepared(prepared);
  const cropOf = async (id: string): Promise<Uint8Array> =>
    open.crops.read([open.samples.find((sample) => sample.id === id)!.firstCrop]);
  const noise = await sharp(join(root, 'faces', 'noise.png'))
    .removeAlpha()
    .raw()
    .toBuffer();
  const luma = Array.from(
    { length: 48 * 48 },
    (_, i) => 0.299 * noise[3 * i]! + 0.587 * noise[3 * i + 1]! + 0.114 * noise[3 * i + 2]!,
  );
  const whole = await cropOf('noise.png');
  expect(Math.max(...luma.map((value, i) => Math.abs(value - whole[i]!)))).toBeLessThanOrEqual(0.51);
  const [large, small] = [await cropOf('large.png'), await cropOf('small face.png')];
  expect(correlation(large, small)).toBeGreaterThan(0.85);
  await open.close();
});

it('can be read as a data set: checked, and its duplicates found by the original files', async () => {
  const dataset = await openDataset(`prepared:${prepared}`);
  expect(dataset).toMatchObject({ name: 'manifest', splits: ['train', 'valid', 'test'], problems: [] });
  expect((await openDataset(`prepared:${prepared}`, { split: 'valid' })).samples.map(({ id }) => id)).toEqual([
    'noise.png',
  ]);
  await expect(deduplicate(dataset)).resolves.toMatchObject({ dropped: [] });
  expect(await checkDataset(dataset)).toMatchObject({ images: 6, clips: 3, duplicates: [], unreadableFiles: [] });
  const original = await openDataset(location);
  const twice = { ...original, samples: [original.samples[0]!, { ...original.samples[0]!, id: 'again' }] };
  await prepareDataset(twice, join(root, 'twice'));
  expect((await checkDataset(await openDataset(`prepared:${join(root, 'twice')}`))).duplicates).toMatchObject([
    { ids: ['large.png', 'again'] },
  ]);
  for (const options of [{ fold: 1 }, { labels: 'words.txt' }])
    await expect(openDataset(`prepared:${prepared}`, options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(prepareDataset(dataset, join(root, 'again'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('killed in the middle, it continues and ends with the same bytes; when all is done, nothing happens', async () => {
  const folder = join(root, 'killed');
  const first = startFer(['dataset', 'prepare', location, '-o', folder]);
  const rows = async (): Promise<number> =>
    (await readFile(join(folder, 'samples.jsonl'), 'utf8').catch(() => '')).split('\n').length - 1;
  while ((await rows()) < 2 && first.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  first.child.kill('SIGKILL');
  expect((await first.ended).signal).toBe('SIGKILL');
  expect(await rows()).toBeGreaterThanOrEqual(2);
  expect(await rows()).toBeLessThan(TOTAL);
  await expect(openPrepared(folder)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('not completely prepared') as string,
  });

  const { resumed } = await prepareDataset(await openDataset(location), folder);
  expect(resumed).toBeGreaterThanOrEqual(2);
  expect(await contents(folder)).toEqual(await contents(prepared));

  const { mtimeMs } = await stat(join(folder, 'samples.jsonl'));
  const told: unknown[] = [];
  expect(
    await prepareDataset(await openDataset(location), folder, { onProgress: (progress) => told.push(progress) }),
  ).toMatchObject({ resumed: TOTAL });
  expect(told).toEqual([]);
  expect((await stat(join(folder, 'samples.jsonl'))).mtimeMs).toBe(mtimeMs);
  expect(await contents(folder)).toEqual(await contents(prepared));
});

it('stops on request, keeps finished work, and then refuses other settings', async () => {
  const folder = join(root, 'stopped');
  const all = await openDataset(location);
  const dataset = { ...all, samples: all.samples.slice(0, 4) };
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }): void => {
    if (done === 3) controller.abort();
  };
  await expect(prepareDataset(dataset, folder, { signal: controller.signal, onProgress })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
  for (const other of [
    { geometry: { ...DEFAULT_CROP, eyes: { x: 0.5, y: 0.3 } } },
    { framesPerSecond: 5 },
    { noFace: 'skip' as const },
  ]) {
    await expect(prepareDataset(dataset, folder, other)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  }
  const relabelled = {
    ...dataset,
    samples: dataset.samples.map((sample, i) => (i === 3 ? { ...sample, label: 'anger' } : sample)),
  };
  await expect(prepareDataset(relabelled, folder)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('another state of the data set') as string,
  });
  expect(await prepareDataset(dataset, folder)).toMatchObject({ resumed: 3, samples: 4 });
  await expectBeginning(folder);
});

it('writes the same bytes with worker threads, and stops at once when asked to', async () => {
  const folder = join(root, 'threads');
  const all = await openDataset(location);
  const dataset = { ...all, samples: all.samples.slice(0, 6) };
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }): void => {
    if (done === 1) controller.abort();
  };
  await expect(
    prepareDataset(dataset, folder, { workers: 1, signal: controller.signal, onProgress }),
  ).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await readdir(folder)).not.toContain('scratch.tmp');
  const engines: string[] = [];
  expect(
    await prepareDataset(dataset, folder, { workers: 2, onEngine: ({ name }) => engines.push(name) }),
  ).toMatchObject({ resumed: 1, samples: 6 });
  expect(engines).toEqual(['wasm']);
  await expectBeginning(folder);
  await expect(prepareDataset(dataset, join(root, 'many'), { workers: 1.5 })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  const scratch = await scratchDir();
  const settings = { geometry: DEFAULT_CROP, framesPerSecond: null, noFace: 'whole', scratch } as const;
  await expect(openCutter(settings, 1, { workers: 99 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(existsSync(scratch)).toBe(false);
});

it('keeps fewer frames of a clip, leaves images without a face out, and cuts in colour, when asked to', async () => {
  const all = await openDataset(location);
  const dataset = {
    ...all,
    samples: all.samples.filter(({ id }) => ['noise.png', 'walk.mp4', 'walk.mp4#2'].includes(id)),
  };
  const folder = join(root, 'thin');
  const summary = await prepareDataset(dataset, folder, {
    framesPerSecond: 8,
    noFace: 'skip',
    geometry: { ...DEFAULT_CROP, size: 32, channels: 3 },
  });
  expect(summary.counts).toEqual({ detected: 2, whole: 0, none: 1, failed: 0 });
  const open = await openPrepared(folder);
  expect(open.samples.map(({ id, readFrames }) => [id, readFrames.map(({ index }) => index)])).toEqual([
    ['walk.mp4', [0, 4, 7]],
    ['walk.mp4#2', [0, 3]],
  ]);
  // Labels keep their places in the footage.
  expect([0, 4, 7].map((index) => labelAt(open.samples[0]!, index))).toEqual(['sadness', 'happiness', null]);
  expect((await open.crops.read([0])).length).toBe(32 * 32 * 3);
  await open.close();
});

it('computes features of a frame checkpoint, takes them up, and replaces those of another', async () => {
  const models = await Promise.all(
    [1, 2].map(async (seed) => {
      const model = frameClassifier(compactResidualNet({ size: 48, width: 4, seed }), { classes: 2, seed });
      const folder = join(root, `model${seed}`);
      await saveCheckpoint(model, join(folder, 'frame'), {
        kind: 'frame',
        network: 'compact_residual_net',
        labelSet: { name: 'two', labels: ['a', 'b'] },
        crop: DEFAULT_CROP,
        recipe: {},
        metrics: {},
        versions: {},
      });
      return { model, folder };
    }),
  );
  const [{ model, folder }, other] = models as [(typeof models)[0], (typeof models)[0]];
  const before = tf.memory().numTensors;
  const path = join(prepared, 'features.f32');
  const summary = await prepareFeatures(prepared, folder);
  expect(tf.memory().numTensors).toBe(before);
  expect(summary).toMatchObject({
    dimensions: 16,
    resumed: 0,
    checkpoint: expect.stringMatching(/^sha256:/) as string,
  });
  const open = await openPrepared(prepared);
  expect(open.features).toMatchObject({ dimensions: 16, count: open.crops.count, checkpoint: summary.checkpoint });
  const crop = await open.crops.read([2]);
  const encoder = encoderOf(model);
  const expected = (mirrored: boolean): Float32Array =>
    tf.tidy(() => {
      const image = tf.tensor4d([...crop], [1, 48, 48, 1]);
      return (encoder.predict(mirrored ? image.reverse(2) : image) as tf.Tensor).dataSync<'float32'>().slice();
    });
  const found = [await open.features!.read([0, 2]), await open.features!.read([0, 2], true)];
  for (const [i, features] of found.entries()) {
    expect(features.length).toBe(32);
    for (const [at, value] of expected(i === 1).entries()) expect(features[16 + at]!).toBeCloseTo(value, 4);
  }
  expect([...found[0]!]).not.toEqual([...found[1]!]);
  await open.close();

  const whole = await readFile(path);
  await truncate(path, whole.length - 50);
  expect(await featuresOf(prepared)).toBeNull();
  await prepareFeatures(prepared, folder);
  expect(await readFile(path)).toEqual(whole);
  expect((await prepareFeatures(prepared, folder)).resumed).toBe(summary.crops);

  const replaced = await prepareFeatures(prepared, other.folder);
  expect(replaced.checkpoint).not.toBe(summary.checkpoint);
  expect(await readFile(path)).not.toEqual(whole);
  await expect(prepareFeatures(join(root, 'thin'), folder)).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
  for (const each of models) each.model.dispose();
});

it('reports a folder that is not prepared, or whose crops are truncated', async () => {
  await expect(openPrepared(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  const folder = join(root, 'twice');
  await truncate(join(folder, 'crops.bin'), 10);
  await expect(openPrepared(folder)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  await writeFile(join(folder, 'samples.jsonl'), '');
  await expect(openPrepared(folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

const MEDIA = new URL('../../../../../shared/media/', import.meta.url).pathname;
it.runIf(existsSync(join(MEDIA, 'face_noface.mov')))(
  'real footage: a face in part of the frames, and no face at all',
  async () => {
    const folder = join(root, 'footage');
    const faces = join(root, 'footage-list');
    await writeFile(
      `${faces}.csv`,
      [
        'path,label,start,end',
        `${join(MEDIA, 'face_noface.mov')},happy,1.4,3`,
        `${join(MEDIA, 'no_face.mp4')},sad,0,0.5`,
      ].join('\n'),
    );
    const summary = await prepareDataset(await openDataset(`manifest:${faces}.csv`), folder, { framesPerSecond: 2 });
    expect(summary.counts).toEqual({ detected: 1, whole: 0, none: 1, failed: 0 });
    const open = await openPrepared(folder);
    const frames = open.samples[0]!.readFrames;
    expect(frames.some(({ crop }) => crop === null)).toBe(true);
    expect(frames.some(({ crop }) => crop !== null)).toBe(true);
    await open.close();
  },
);
if (!existsSync(join(MEDIA, 'face_noface.mov'))) console.warn(`real footage is NOT tested: ${MEDIA} is not there`);

async function featuresOf(folder: string): Promise<unknown> {
  const open = await openPrepared(folder);
  await open.close();
  return open.features;
}

function correlation(a: Uint8Array, b: Uint8Array): number {
  const centred = (values: Uint8Array): number[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [...values].map((value) => value - mean);
  };
  const [x, y] = [centred(a), centred(b)];
  const dot = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}
