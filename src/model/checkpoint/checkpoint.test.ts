import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tf } from '../tfjs.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { EXPRESSIONS_7, EXPRESSIONS_8, LabelSet } from '../label-set.js';
import { frameClassifier } from '../networks/classifier.js';
import { compactResidualNet } from '../networks/residual-net.js';
import { temporalEncoder } from '../networks/temporal-encoder.js';
import { INFO_FILE, digestFiles } from './checkpoint-files.js';
import { copyCheckpoint } from './copy-checkpoint.js';
import {
  describeInitialised,
  initialiseFrom,
  loadCheckpoint,
  readCheckpointInfo,
  saveCheckpoint,
} from './checkpoint.js';
import type { CheckpointDescription } from './checkpoint-info.js';

let root = '';
beforeAll(async () => {
  await openBackend();
  root = await mkdtemp(join(tmpdir(), 'fer-checkpoint-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const CROP = { size: 16, channels: 1, eyes: { x: 0.5, y: 0.35 }, mouth: { x: 0.5, y: 0.75 } } as const;

function info(overrides: Partial<CheckpointDescription> = {}): CheckpointDescription {
  return {
    kind: 'frame',
    network: 'compact_residual_net',
    labelSet: { name: EXPRESSIONS_7.name, labels: [...EXPRESSIONS_7.labels] },
    crop: CROP,
    recipe: { method: 'ce', epochs: 3 },
    metrics: { accuracy: 0.5 },
    versions: { tfjs: tf.version_core },
    ...overrides,
  };
}

function classifier(classes: number, seed = 1): tf.LayersModel {
  return frameClassifier(compactResidualNet({ size: 16, width: 4, seed }), { classes, seed });
}

function difference(a: tf.LayersModel, b: tf.LayersModel, shape: number[]): number {
  return tf.tidy(() => {
    const x = tf.randomNormal(shape, 0, 1, 'float32', 5);
    return (a.predict(x) as tf.Tensor)
      .sub(b.predict(x) as tf.Tensor)
      .abs()
      .max()
      .dataSync()[0]!;
  });
}

test('what is saved comes back, and standard tfjs files are in the folder', async () => {
  const folder = join(root, 'deep', 'frame');
  const model = classifier(7);
  const before = tf.memory().numTensors;
  await saveCheckpoint(model, folder, info());
  expect(tf.memory().numTensors).toBe(before);
  const loaded = await loadCheckpoint(folder, { kind: 'frame', labels: EXPRESSIONS_7, crop: CROP });
  expect(difference(model, loaded.model, [2, 16, 16, 1])).toBe(0);
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  const files = Object.fromEntries(
    await Promise.all(
      ['model.json', 'weights.bin'].map(async (name) => [
        name,
        { bytes: (await stat(join(folder, name))).size, sha256 },
      ]),
    ),
  ) as object;
  expect(loaded.info).toEqual({ format: 1, ...info(), files });
  loaded.model.dispose();
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
  expect((await readdir(folder)).sort()).toEqual(['ferstream.json', 'model.json', 'weights.bin']);
  expect(await readdir(join(root, 'deep'))).toEqual(['frame']);
  const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as {
    format: string;
    weightsManifest: { paths: string[] }[];
  };
  expect(json).toMatchObject({ format: 'layers-model', weightsManifest: [{ paths: ['weights.bin'] }] });
});

test('a temporal encoder comes back too, and takes the place of an older checkpoint', async () => {
  const folder = join(root, 'temporal');
  const first = classifier(7);
  await saveCheckpoint(first, folder, info());
  const model = temporalEncoder({
    features: 6,
    classes: 7,
    width: 8,
    layers: 1,
    heads: 2,
    feedForward: 8,
    masked: false,
    causal: true,
  });
  await saveCheckpoint(model, folder, info({ kind: 'temporal', network: 'temporal_encoder' }));
  const loaded = await loadCheckpoint(folder, { kind: 'temporal' });
  expect(difference(model, loaded.model, [2, 5, 6])).toBe(0);
  for (const each of [first, model, loaded.model]) each.dispose();
});

test('another label set, order, crop or kind is refused, naming the found and the expected one', async () => {
  const folder = join(root, 'refused');
  const model = classifier(7);
  await saveCheckpoint(model, folder, info());
  model.dispose();
  const before = tf.memory().numTensors;
  const swapped = new LabelSet('swapped', [...EXPRESSIONS_7.labels].reverse());
  for (const [wanted, words] of [
    [
      { labels: EXPRESSIONS_8 },
      /refused has label set "expressions-7" \(neutral, .*\), wanted: "expressions-8" .*contempt\)/,
    ],
    [{ labels: swapped }, /wanted: "swapped" \(surprise, /],
    [{ crop: { ...CROP, size: 48 } }, /16x16 pixels, grey.* wanted: 48x48 pixels/],
    [{ crop: { ...CROP, mouth: { x: 0.5, y: 0.8 } } }, /mouth at \(0.5, 0.75\), wanted: .*mouth at \(0.5, 0.8\)/],
    [{ kind: 'temporal' as const }, /is a frame network, wanted: a temporal network/],
  ] as const) {
    await expect(loadCheckpoint(folder, wanted)).rejects.toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
      message: expect.stringMatching(words) as string,
    });
  }
  expect(tf.memory().numTensors).toBe(before);
  // The set's name alone does not matter.
  await expect(
    readCheckpointInfo(folder, { labels: new LabelSet('renamed', EXPRESSIONS_7.labels) }),
  ).resolves.toMatchObject({ kind: 'frame' });
});

test('a newer format, a damaged description and missing or short weights each have their error', async () => {
  const folder = join(root, 'damaged');
  const model = classifier(7);
  const path = join(folder, 'ferstream.json');
  await saveCheckpoint(model, folder, info());
  const good = JSON.parse(await readFile(path, 'utf8')) as object;
  const load = (): Promise<unknown> => loadCheckpoint(folder);

  await writeFile(path, JSON.stringify({ ...good, format: 2, somethingNew: true }));
  await expect(load()).rejects.toMatchObject({
    code: 'MODEL_INCOMPATIBLE',
    message: expect.stringMatching(/format 2, this ferstream reads up to 1; update/) as string,
  });
  await writeFile(path, JSON.stringify({ ...good, crop: { size: 'big' } }));
  await expect(load()).rejects.toMatchObject({
    code: 'MODEL_INCOMPATIBLE',
    message: expect.stringMatching(/crop\.size/) as string,
  });
  await writeFile(path, '{');
  await expect(load()).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  await writeFile(path, JSON.stringify(good));
  const weights = await readFile(join(folder, 'weights.bin'));
  await writeFile(join(folder, 'weights.bin'), weights.subarray(0, 100));
  await expect(load()).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  await rm(join(folder, 'weights.bin'));
  await expect(load()).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  await expect(loadCheckpoint(join(root, 'nowhere'))).rejects.toMatchObject({
    code: 'WEIGHTS_MISSING',
    message: expect.stringMatching(/it has no ferstream.json/) as string,
  });
  model.dispose();
});

test('a flipped bit, surplus bytes and a missing checksum are refused by the name of the file', async () => {
  const folder = join(root, 'flipped');
  const model = classifier(7);
  await saveCheckpoint(model, folder, info());
  model.dispose();
  const about = join(folder, 'ferstream.json');
  const description = await readFile(about, 'utf8');
  const refused = async (words: RegExp): Promise<void> => {
    await expect(loadCheckpoint(folder)).rejects.toMatchObject({
      code: 'WEIGHTS_MISSING',
      message: expect.stringMatching(words) as string,
    });
  };
  for (const name of ['weights.bin', 'model.json']) {
    const good = await readFile(join(folder, name));
    for (const at of [0, Math.floor(good.length / 2), good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      await writeFile(join(folder, name), bad);
      if (name === 'weights.bin')
        await refused(/weights\.bin is damaged \(its checksum differs\); copy the folder again/);
      else await refused(/model\.json is damaged|cannot be read|does not name|expected/);
    }
    await writeFile(join(folder, name), Buffer.concat([good, Buffer.from(' ')]));
    await refused(new RegExp(`${name} has ${good.length + 1} bytes, expected ${good.length}`));
    await writeFile(join(folder, name), good);
  }
  await writeFile(about, JSON.stringify({ ...(JSON.parse(description) as object), files: {} }));
  await refused(/ferstream\.json has no checksum of model\.json/);
  await writeFile(about, description);
  (await loadCheckpoint(folder)).model.dispose();
});

test.each([NaN, Infinity])('a network with a weight of %f is refused by the name of the weight', async (value) => {
  const folder = join(root, 'not-finite');
  const model = classifier(7);
  const layer = model.getLayer('logits');
  const [kernel, bias] = layer.getWeights();
  const finite = kernel!.dataSync().slice();
  const values = finite.slice();
  values[3] = value;
  tf.tidy(() => {
    layer.setWeights([tf.tensor(values, kernel!.shape), bias!]);
  });
  for (const precision of ['float32', 'float16'] as const) {
    await saveCheckpoint(model, folder, info());
    if (precision === 'float16') {
      tf.tidy(() => {
        layer.setWeights([tf.tensor(finite, kernel!.shape), bias!]);
      });
      await saveCheckpoint(model, folder, info());
      await copyCheckpoint(folder, `${folder}-half`, precision);
      // The weights of the first kernel, in half precision, become NaN or infinity; the checksum fits.
      const weights = join(`${folder}-half`, 'weights.bin');
      const content = await readFile(weights);
      content.writeUInt16LE(Number.isNaN(value) ? 0x7e00 : 0x7c00, 0);
      await writeFile(weights, content);
      const described = join(`${folder}-half`, INFO_FILE);
      const stored = JSON.parse(await readFile(described, 'utf8')) as object;
      await writeFile(described, JSON.stringify({ ...stored, files: await digestFiles(`${folder}-half`) }));
    }
    const before = tf.memory().numTensors;
    await expect(loadCheckpoint(precision === 'float16' ? `${folder}-half` : folder)).rejects.toMatchObject({
      code: 'WEIGHTS_MISSING',
      message: expect.stringMatching(
        precision === 'float16' ? /is not finite/ : /weight logits\/kernel is not finite/,
      ) as string,
    });
    expect(tf.memory().numTensors).toBe(before);
  }
  model.dispose();
});

test('a folder that is something else is left alone, and a wrong description is not written', async () => {
  const folder = join(root, 'precious');
  await mkdir(folder);
  await writeFile(join(folder, 'thesis.txt'), 'years of work');
  const model = classifier(7);
  await expect(saveCheckpoint(model, folder, info())).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  expect(await readdir(folder)).toEqual(['thesis.txt']);
  const other = join(root, 'unwritten');
  await expect(
    saveCheckpoint(model, other, info({ labelSet: { name: 'two', labels: ['a', 'b'] } })),
  ).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
  await expect(stat(other)).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await readdir(root)).filter((name) => name.includes('.tmp-'))).toEqual([]);
  model.dispose();
});

test('initialiseFrom takes what fits by name and says what does not', () => {
  const from = classifier(7, 1);
  const to = frameClassifier(compactResidualNet({ size: 16, width: 4, depth: 2, seed: 2 }), { classes: 8, seed: 2 });
  const before = tf.memory().numTensors;
  const result = initialiseFrom(to, from);
  expect(tf.memory().numTensors).toBe(before);
  expect(result.matched).toContain('stem_conv/kernel');
  expect(result.matched).toContain('stem_norm/moving_variance');
  expect(result.mismatched).toEqual([
    { name: 'logits/kernel', shape: [16, 8], found: [16, 7] },
    { name: 'logits/bias', shape: [8], found: [7] },
  ]);
  expect(result.missing).toHaveLength(3 * 2 * 5); // the second block of each stage: two convolutions with their normalisations
  expect(result.matched).toHaveLength(from.weights.length - 2);
  expect(describeInitialised(result)[0]).toMatch(
    new RegExp(`^${result.matched.length} of ${to.weights.length} weights taken over: stem_conv, stem_norm, stage1_`),
  );
  const kernel = (model: tf.LayersModel): number[] => [
    ...model.getLayer('stage3_block1_1_conv').getWeights()[0]!.dataSync(),
  ];
  expect(kernel(to)).toEqual(kernel(from));
  from.dispose(); // what was copied is not shared
  expect(kernel(to).every(Number.isFinite)).toBe(true);
  to.dispose();
});

test('a model that came back from a checkpoint still matches by name', async () => {
  const folder = join(root, 'again');
  const model = classifier(7);
  await saveCheckpoint(model, folder, info());
  const { model: loaded } = await loadCheckpoint(folder);
  const fresh = classifier(7, 3);
  const { missing, mismatched } = initialiseFrom(fresh, loaded);
  expect([...missing, ...mismatched]).toEqual([]);
  expect(difference(fresh, model, [2, 16, 16, 1])).toBe(0);
  for (const each of [model, loaded, fresh]) each.dispose();
});
