import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { writePrepared } from '../../../test/support/prepared-folder.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeStriped } from '../../../test/support/striped-dataset.js';
import { PATTERNS, stripedPictures } from '../../../test/support/striped-pictures.js';
import { TINY_CROP, saveTinyFrameModel } from '../../../test/support/tiny-models.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { openModel } from '../../model/heads/open-model.js';
import { INFO_FILE, checkpointHash } from '../../model/checkpoint/checkpoint-files.js';
import { loadCheckpoint, readCheckpointInfo } from '../../model/checkpoint/checkpoint.js';
import { EXPRESSIONS_7, LabelSet } from '../../model/label-set.js';
import { modelFolderHash } from '../../model/heads/model-folder.js';
import { resolveConfig } from '../config/read-config.js';
import type { TrainConfig } from '../config/train-config.js';
import { openDataset } from '../data/formats/registry.js';
import { synthesizeClips } from '../data/synthesize/synthesize-clips.js';
import { DetectedFaces } from '../data/faces/detected-faces.js';
import { evaluate } from '../evaluate/evaluate.js';
import { prepareFeatures } from '../data/preprocess/prepare-features.js';
import { SeededRandom } from '../util/seeded-random.js';
import { predictWith } from '../trainer/gradients.js';
import { encodeClips } from './clip-job.js';
import type { TemporalNetworkConfig } from './clip-job.js';
import { openTrainingData } from './training-data.js';
import { splitMetrics } from '../metrics/split-metrics.js';
import { train, trainOn } from '../workflows/train.js';
import type { TrainOptions } from '../trainer/train-options.js';

const SIZE = 16;
/** Frames of a clip, and of those the network sees at a time. */
const LENGTH = 10;
const FRAMES = 6;
let root = '';
const at = (...names: readonly string[]): string => join(root, ...names);

/** A frame network for the frames of the clips one by one. */
function frameConfig(): TrainConfig {
  return resolveConfig('ce', {
    data: `manifest:${at('clips')}`,
    network: { name: 'compact', size: SIZE, width: 4 },
    epochs: 1,
    batchSize: 32,
    optimizer: { lr: 0.01 },
    augment: { padding: 1 },
  });
}

/** The preset, made tiny. */
function clipConfig(more: Record<string, unknown> = {}, network: Record<string, unknown> = {}): TrainConfig {
  return resolveConfig('v-naw', {
    ...{ data: `manifest:${at('clips')}`, epochs: 2, batchSize: 4, optimizer: { lr: 0.003 } },
    network: {
      name: 'temporal',
      encoder: at('frame-run', 'best'),
      frames: FRAMES,
      width: 8,
      layers: 1,
      feedForward: 8,
      ...network,
    },
    ...more,
  });
}

async function weightsOf(folder: string): Promise<Buffer> {
  return readFile(join(folder, 'weights.bin'));
}

beforeAll(async () => {
  await openBackend();
  root = await scratchDir();
  await writeStriped(at('stills'), { training: 24, test: 3 });
  await rm(at('stills', 'damaged.png'));
  const stills = await openDataset(`manifest:${at('stills')}`);
  await synthesizeClips(stills, at('clips'), {
    clips: 6,
    validClips: 2,
    testClips: 0,
    frames: LENGTH,
    size: SIZE,
    seed: 2,
  });
  await train(frameConfig(), at('frame-run'));
});

it('a frame network learns from the frames of clips one by one, and is judged by those of other clips', async () => {
  const { rows } = JSON.parse(await readFile(at('frame-run', 'ambiguity.json'), 'utf8')) as {
    readonly rows: readonly string[];
  };
  const { samples } = await openDataset(`manifest:${at('clips')}`, { split: 'train' });
  expect(rows).toEqual(samples.flatMap(({ id }) => Array.from({ length: LENGTH }, (_, i) => `${id}#${i}`)));
  const epoch = JSON.parse(await readFile(at('frame-run', 'epochs.jsonl'), 'utf8')) as {
    readonly validation: { readonly count: number };
  };
  expect(epoch.validation.count).toBe(2 * LENGTH);
});

/** The class frequencies that the temporal network was judged with: those of its training clips. */
async function priorOfClips(folder: string): Promise<Record<string, number> | 'training'> {
  const { priors, labelSet } = await readCheckpointInfo(join(folder, 'temporal'));
  if (priors === undefined) return 'training';
  return Object.fromEntries(labelSet.labels.map((label, k) => [label, priors.posteriors[k]!]));
}

describe('a temporal network, from synthetic clips to a model that is evaluated', () => {
  const lines: string[] = [];
  let tensorsLeft = 0;

  beforeAll(async () => {
    const before = tf.memory().numTensors;
    await train(clipConfig(), at('run'), { onMessage: (line) => lines.push(line) });
    tensorsLeft = tf.memory().numTensors - before;
  });

  it('learns from the training clips and is judged by those of the split "valid"', async () => {
    expect(lines).toContain('6 samples to train on, 2 set aside for validation');
    const epochs = (await readFile(at('run', 'epochs.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly validation: { readonly count: number } });
    expect(epochs.map(({ validation }) => validation.count)).toEqual([2 * LENGTH, 2 * LENGTH]);
    const { rows } = JSON.parse(await readFile(at('run', 'ambiguity.json'), 'utf8')) as {
      readonly rows: readonly string[];
    };
    expect(rows).toHaveLength(6 * LENGTH);
    expect(rows.slice(0, 2).map((id) => id.split('#')[1])).toEqual(['0', '1']);
    expect(tensorsLeft).toBe(0);
  });

  it('is kept with its frame network, and says how many frames it saw', async () => {
    for (const name of ['best', 'last']) {
      expect(await checkpointHash(at('run', name, 'frame'))).toBe(await checkpointHash(at('frame-run', 'best')));
      const info = await readCheckpointInfo(at('run', name, 'temporal'), { kind: 'temporal' });
      expect(info).toMatchObject({
        clipFrames: FRAMES,
        crop: { size: SIZE, channels: 1 },
        recipe: { config: { epochs: 2, sampler: 'class-balanced', method: { name: 'v-naw' } } },
      });
      expect([...info.labelSet.labels].sort()).toEqual([...PATTERNS].sort());
      expect(info.temperature).toBeGreaterThan(0);
    }
  });

  it('puts back the frequencies of the frame network by the names of classes, not by their order', async () => {
    const labels = [...PATTERNS].reverse();
    await train(clipConfig({ labels, epochs: 1 }), at('reversed-run'));
    const frame = await readCheckpointInfo(at('frame-run', 'best'));
    const { labelSet, priors } = await readCheckpointInfo(at('reversed-run', 'best', 'temporal'));
    expect(labelSet.labels).toEqual(labels);
    const frequency = (info: typeof frame, label: string): number =>
      info.priors!.training[info.labelSet.labels.indexOf(label)]!;
    expect(priors!.training).toEqual(labels.map((label) => frequency(frame, label)));
  });

  it('answers for equal class frequencies where balance says so', async () => {
    await train(clipConfig({ sampler: 'shuffle', balance: 1, epochs: 1 }), at('balanced-run'));
    const { priors } = await readCheckpointInfo(at('balanced-run', 'best', 'temporal'));
    const { priors: natural } = await readCheckpointInfo(at('run', 'best', 'temporal'));
    expect(priors?.training).toEqual(natural?.training);
    expect(priors?.posteriors).toEqual(PATTERNS.map(() => 0.333333));
    await expectEvaluatedAsJudged(at('balanced-run', 'best'));
  });

  it('annotates and evaluates as validated in training, also with flip averaging', async () => {
    await cp(at('frame-run', 'best'), at('symmetric'), { recursive: true });
    const info = await readCheckpointInfo(at('symmetric'));
    await writeFile(at('symmetric', INFO_FILE), JSON.stringify({ ...info, flipTta: true }));
    await train(clipConfig({}, { encoder: at('symmetric') }), at('symmetric-run'));
    for (const run of ['run', 'symmetric-run']) await expectEvaluatedAsJudged(at(run, 'best'));
    const [plain, symmetric] = await Promise.all(
      ['run', 'symmetric-run'].map((run) => readCheckpointInfo(at(run, 'best', 'temporal'))),
    );
    expect(symmetric!.metrics['validationLoss']).not.toBe(plain!.metrics['validationLoss']);
  });

  async function expectEvaluatedAsJudged(folder: string): Promise<void> {
    const model = await openModel(folder);
    try {
      const dataset = await openDataset(`manifest:${at('clips')}`, { split: 'valid' });
      const crops = new DetectedFaces(dataset.samples, {
        geometry: model.crop,
        faces: 'as-is',
        cutter: () => Promise.reject(new Error('no face is looked for')),
      });
      const { metrics } = await readCheckpointInfo(join(folder, 'temporal'), { kind: 'temporal' });
      const evaluation = await evaluate(model, crops, { prior: await priorOfClips(folder) });
      expect(evaluation.count).toBe(2 * LENGTH);
      expect(evaluation.accuracy).toBeCloseTo(metrics['accuracy']!, 6);
      expect(evaluation.macroF1).toBeCloseTo(metrics['macroF1']!, 6);
      expect(evaluation.expectedCalibrationError).toBeCloseTo(metrics['calibratedError']!, 4);
    } finally {
      model.dispose();
    }
  }

  it('learns nothing from frames that show no whole face, unless it is told to', async () => {
    const frames = Array.from({ length: LENGTH }, (_, i) => ({
      ...{ index: i, timestamp: i / 25, crop: i },
      ...(i < 3 && { flaw: 'blurred' as const }),
    }));
    const clip = { id: 'clip', kind: 'clip', split: 'train', label: PATTERNS[1], frames } as const;
    await writePrepared(at('flawed'), TINY_CROP, PATTERNS, [clip], stripedPictures(LENGTH, SIZE));
    await saveTinyFrameModel(at('flawed-encoder'), new LabelSet('stripes', PATTERNS), { seed: 1 });
    for (const flawedCrops of [false, true]) {
      const own = clipConfig({ flawedCrops, validation: { fraction: 0 } }, { encoder: at('flawed-encoder') });
      const config = { ...own, data: `prepared:${at('flawed')}` };
      const data = await openTrainingData(config);
      const task = await data.job(config);
      expect([...task.training.rowLabels]).toEqual(frames.map((_, i) => (i < 3 && !flawedCrops ? -1 : 1)));
      expect(Object.values(task.report.leftOut)).toEqual(flawedCrops ? [] : [3]);
      task.dispose();
      await data.close();
    }
  });

  it('is judged and evaluated alike on clips of which frames are missing or damaged: all labelled frames count', async () => {
    await cp(at('clips'), at('holes'), { recursive: true });
    const before = await openDataset(`manifest:${at('holes')}`, { split: 'valid' });
    for (const { frames } of before.samples) {
      // A manifest counts the frames of a folder in their order, so the last three labels have no file.
      for (const i of [2, 3, 7]) await rm(frames![i]!.path);
      await writeFile(frames![5]!.path, 'no picture');
    }
    const config = { ...clipConfig(), data: `manifest:${at('holes')}` };
    const data = await openTrainingData(config);
    const task = await data.job(config);
    try {
      await task.save(at('holes-model'), { temperature: 1, metrics: {} });
      const validation = splitMetrics(
        await task.validation!.logits(predictWith(task.model)),
        task.validation!.labels,
        task.labels.size,
      );
      const model = await openModel(at('holes-model'));
      try {
        const { samples } = await openDataset(`manifest:${at('holes')}`, { split: 'valid' });
        const evaluation = await evaluate(
          model,
          new DetectedFaces(samples, {
            geometry: model.crop,
            faces: 'as-is',
            cutter: () => Promise.reject(new Error('no face is looked for')),
          }),
          { prior: await priorOfClips(at('holes-model')) },
        );
        expect([validation.count, evaluation.count, evaluation.framesWithoutFace, evaluation.unansweredFrames]).toEqual(
          [2 * LENGTH, 2 * LENGTH, 2 * 4, 0],
        );
        expect(evaluation.confusion).toEqual(validation.confusion);
        expect(evaluation.expectedCalibrationError).toBeCloseTo(validation.expectedCalibrationError, 5);
      } finally {
        model.dispose();
      }
    } finally {
      task.dispose();
      await data.close();
    }
  });

  it('trained again, or interrupted and taken up, has the same weights', { timeout: 180_000 }, async () => {
    const stop = new AbortController();
    const begin: TrainOptions = {
      signal: stop.signal,
      onStep: ({ epoch }) => {
        if (epoch === 2) stop.abort();
      },
    };
    expect(await train(clipConfig(), at('interrupted'), begin)).toMatchObject({ isComplete: false, bestEpoch: 1 });
    const rest = await train(clipConfig(), at('interrupted'), { resume: true });
    expect(rest).toMatchObject({ isComplete: true, history: [{ epoch: 1 }, { epoch: 2 }] });
    for (const part of [
      ['last', 'temporal'],
      ['best', 'temporal'],
    ]) {
      const again = await weightsOf(at('interrupted', ...part));
      expect(again.equals(await weightsOf(at('run', ...part)))).toBe(true);
    }
    expect(await modelFolderHash(at('interrupted', 'last'))).toBe(await modelFolderHash(at('run', 'last')));
  });

  /** Logits for three frames of its clips: of the model's frame network, divided by its temperature and class frequencies, and of its temporal network. */
  async function logitsOfBoth(folder: string): Promise<[tf.Tensor2D, tf.Tensor2D]> {
    const frame = await loadCheckpoint(join(folder, 'frame'), { kind: 'frame' });
    const temporal = await loadCheckpoint(join(folder, 'temporal'), { kind: 'temporal' });
    const both = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
      const features = tf.randomNormal<tf.Rank.R2>([3, frame.model.getLayer('features').outputShape[1] as number]);
      const { temperature = 1, priors } = frame.info;
      const logits = (frame.model.getLayer('logits').apply(features) as tf.Tensor2D).div(temperature);
      const free = logits.sub<tf.Tensor2D>(priors!.posteriors.map((share) => Math.log(share)));
      const places = temporal.info.labelSet.labels.map((label) => frame.info.labelSet.labels.indexOf(label));
      const clip = temporal.model.predict(features.expandDims(0)) as tf.Tensor3D;
      return [tf.gather(free, tf.tensor1d(places, 'int32'), 1), clip.squeeze([0])];
    });
    frame.model.dispose();
    temporal.model.dispose();
    return both;
  }

  it('answers as its frame network does before it is trained, also for some of its labels in another order', async () => {
    const labels = [PATTERNS[2], PATTERNS[0]];
    for (const [name, more] of [
      ['untrained', {}],
      ['untrained-some', { labels }],
    ] as const) {
      await train(clipConfig({ epochs: 1, optimizer: { lr: 1e-12, weightDecay: 0 }, ...more }), at(name));
      const [frame, temporal] = await logitsOfBoth(at(name, 'last'));
      expect(tf.tidy(() => temporal.sub(frame).abs().max().dataSync()[0]!)).toBeLessThan(1e-4);
      tf.dispose([frame, temporal]);
    }
  });

  it('finds its own answers for labels that its frame network does not know', async () => {
    await saveTinyFrameModel(at('others-encoder'), new LabelSet('others', ['one', 'two', 'three']), { seed: 1 });
    const said: string[] = [];
    const config = clipConfig({ epochs: 1 }, { encoder: at('others-encoder') });
    await train(config, at('others-run'), { onMessage: (line) => said.push(line) });
    expect(said.join('\n')).toContain('network.frameLogits is off: the frame network does not know all labels');
  });

  it('begins with the weights of another one', async () => {
    const said: string[] = [];
    const data = await openTrainingData(clipConfig());
    try {
      // So slowly that it stays what it was.
      const slow = clipConfig({
        init: at('run', 'last'),
        epochs: 1,
        optimizer: { lr: 1e-12, weightDecay: 0 },
      });
      await trainOn(data, slow, at('further'), { onMessage: (line) => said.push(line) });
    } finally {
      await data.close();
    }
    const [from, to] = [
      await loadCheckpoint(at('run', 'last', 'temporal')),
      await loadCheckpoint(at('further', 'last', 'temporal')),
    ];
    const begun = from.model.getWeights();
    to.model.getWeights().forEach((weight, i) => {
      const difference = tf.tidy(() => weight.sub(begun[i]!).abs().max().dataSync()[0]!);
      expect(difference).toBeLessThan(1e-6);
    });
    expect(said.join('\n')).toContain('16 of 16 weights taken over');
    from.model.dispose();
    to.model.dispose();
  });

  it('changes the pixels of its clips on request, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const pixels = clipConfig({ epochs: 1, augment: { clips: { pixels: true } } });
    expect(await train(pixels, at('pixels'))).toMatchObject({ isComplete: true });
    expect(tf.memory().numTensors).toBe(before);
    const [plain, changed] = [
      await weightsOf(at('run', 'last', 'temporal')),
      await weightsOf(at('pixels', 'last', 'temporal')),
    ];
    expect(changed.equals(plain)).toBe(false);
  });
});

it(
  'a run is not taken up on features of a frame network that was trained anew in the same place',
  { timeout: 180_000 },
  async () => {
    const encoder = at('moving-encoder');
    await saveTinyFrameModel(encoder, new LabelSet('stripes', PATTERNS), { seed: 1 });
    const config = clipConfig({}, { encoder });
    const stop = new AbortController();
    await train(config, at('moved'), {
      signal: stop.signal,
      onEpoch: () => {
        stop.abort();
      },
    });
    const before = await readFile(at('moved', 'state.bin'));
    await rm(encoder, { recursive: true });
    await saveTinyFrameModel(encoder, new LabelSet('stripes', PATTERNS), { seed: 2 });
    await expect(train(config, at('moved'), { resume: true })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/another frame network than .*moving-encoder/) as string,
    });
    expect((await readFile(at('moved', 'state.bin'))).equals(before)).toBe(true);
    // The one it was trained with lies in its model folder.
    await rm(encoder, { recursive: true });
    await cp(at('moved', 'last', 'frame'), encoder, { recursive: true });
    expect(await train(config, at('moved'), { resume: true })).toMatchObject({
      isComplete: true,
      history: [{ epoch: 1 }, { epoch: 2 }],
    });
  },
);

it(
  'features that were prepared with the frame network are used, and those of another one are not',
  { timeout: 180_000 },
  async () => {
    const clip = (first: number, split: 'train' | 'valid') => ({
      ...({
        id: `clip ${first}`,
        kind: 'clip',
        split,
        frameLabels: Array.from({ length: LENGTH }, (_, i) => PATTERNS[i % 3]!),
      } as const),
      // The frame in the middle shows no face.
      frames: Array.from({ length: LENGTH }, (_, i) => ({
        index: i,
        timestamp: i / 25,
        crop: i === 5 ? null : first + (i > 5 ? i - 1 : i),
      })),
    });
    const count = 3 * (LENGTH - 1);
    await writePrepared(
      at('prepared'),
      TINY_CROP,
      PATTERNS,
      [clip(0, 'train'), clip(LENGTH - 1, 'train'), clip(2 * (LENGTH - 1), 'valid')],
      stripedPictures(count, SIZE),
    );
    for (const seed of [1, 2])
      await saveTinyFrameModel(at(`encoder ${seed}`), new LabelSet('stripes', PATTERNS), { seed });
    const drawn = async (seed: number): Promise<Float32Array> => {
      const config = { ...clipConfig({}, { encoder: at(`encoder ${seed}`) }), data: `prepared:${at('prepared')}` };
      const data = await openTrainingData(config);
      const task = await data.job(config);
      try {
        expect(task.report).toMatchObject({ training: 2, validation: 1, leftOut: {} });
        expect(task.validation!.labels).toHaveLength(LENGTH);
        return (await task.training.sampleBatch([1, 0], 'mirrored', new SeededRandom(1))).second!;
      } finally {
        task.dispose();
        await data.close();
      }
    };
    const computed = [await drawn(1), await drawn(2)];
    expect(computed[0]).not.toEqual(computed[1]);
    await prepareFeatures(at('prepared'), at('encoder 1'));
    const close = (a: Float32Array, b: Float32Array): void => {
      expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(1e-4);
    };
    close(await drawn(1), computed[0]!);
    close(await drawn(2), computed[1]!);
    // That they are read at all: others in their place are seen.
    const file = at('prepared', 'features.f32');
    await writeFile(file, new Uint8Array((await readFile(file)).length));
    expect(new Set(await drawn(1))).toEqual(new Set([0]));
    close(await drawn(2), computed[1]!);
  },
);

describe('clips that cannot be trained on as they are', () => {
  it(
    'and are all without labels do not judge either: the last epoch counts as the best',
    { timeout: 180_000 },
    async () => {
      const clip = (place: number, split: 'train' | 'valid') => ({
        ...({
          id: `clip ${place}`,
          kind: 'clip',
          split,
          frameLabels: Array.from({ length: LENGTH }, (_, i) => (split === 'valid' ? null : PATTERNS[i % 3]!)),
        } as const),
        frames: Array.from({ length: LENGTH }, (_, i) => ({ index: i, timestamp: i / 25, crop: place * LENGTH + i })),
      });
      await writePrepared(
        at('unjudged'),
        TINY_CROP,
        PATTERNS,
        [clip(0, 'train'), clip(1, 'train'), clip(2, 'valid')],
        stripedPictures(3 * LENGTH, SIZE),
      );
      const lines: string[] = [];
      await saveTinyFrameModel(at('unjudged-encoder'), new LabelSet('stripes', PATTERNS), { seed: 1 });
      const outcome = await train(
        { ...clipConfig({}, { encoder: at('unjudged-encoder') }), data: `prepared:${at('unjudged')}` },
        at('unjudged-run'),
        { onMessage: (line) => lines.push(line) },
      );
      expect(outcome).toMatchObject({
        isComplete: true,
        bestEpoch: 2,
        history: [{ validation: null }, { validation: null }],
      });
      expect(lines.join('\n')).toContain('the last epoch will count as the best');
    },
  );

  it('without a face are left out and counted, and so are frames that cannot be decoded', async () => {
    await cp(at('clips'), at('damaged'), { recursive: true });
    const { samples } = await openDataset(`manifest:${at('damaged')}`);
    const [first, second] = samples.filter(({ split }) => split === 'train');
    const held = samples.find(({ split }) => split === 'valid');
    const spoilt = [...first!.frames!, ...second!.frames!.slice(3, 5), ...held!.frames!];
    for (const { path } of spoilt) await writeFile(path, `no picture: ${path}`);
    const config = { ...clipConfig(), data: `manifest:${at('damaged')}` };
    const data = await openTrainingData(config);
    const task = await data.job(config);
    try {
      expect(task.report).toMatchObject({
        training: 5,
        validation: 1,
        leftOut: { 'frames that cannot be decoded': 2 * LENGTH + 2, 'clips without any face': 2 },
      });
      expect(task.training.rowIds).toHaveLength(5 * LENGTH);
      expect(task.validation!.labels).toHaveLength(LENGTH);
    } finally {
      task.dispose();
      await data.close();
    }
  });

  it('say why none of them is left', async () => {
    const dataset = { name: 'talks', labels: EXPRESSIONS_7, splits: [], samples: [], problems: [] };
    const opened = { prepared: null, preparedFeatures: null, close: () => Promise.resolve() };
    const network = clipConfig().network as TemporalNetworkConfig;
    const encoding = encodeClips({ ...opened, dataset: { ...dataset, leftOut: { 'no face found': 12 } } }, network);
    await expect(encoding).rejects.toMatchObject({ message: expect.stringContaining('(12: no face found)') as string });
  });

  it('are refused with a reason: images only, methods and cuts that are for images', async () => {
    await expect(openTrainingData({ ...clipConfig(), data: `manifest:${at('stills')}` })).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('no clips') as string,
    });
    const data = await openTrainingData(clipConfig());
    try {
      for (const [more, name] of [
        [{ method: { name: 'dnfer' } }, 'dnfer'],
        [{ subset: 5 }, 'subset'],
        [{ imbalance: 10 }, 'imbalance'],
      ] as const) {
        await expect(data.job(clipConfig(more))).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
          message: expect.stringContaining(name) as string,
        });
      }
    } finally {
      await data.close();
    }
  });
});

it(
  'a model folder that held another frame network gets the one that the features are of',
  { timeout: 180_000 },
  async () => {
    await saveTinyFrameModel(at('other-frame-run', 'best'), new LabelSet('stripes', PATTERNS), { seed: 7 });
    const folder = at('reused');
    const ofEncoder = async (run: string): Promise<void> => {
      const config = clipConfig({}, { encoder: at(run, 'best') });
      const data = await openTrainingData(config);
      const task = await data.job(config);
      try {
        await task.save(folder, { temperature: 1, metrics: {} });
        expect(await checkpointHash(join(folder, 'frame'))).toBe(await checkpointHash(at(run, 'best')));
        // The same one is left where it is; half a copy is none.
        await rm(join(folder, 'frame', 'weights.bin'));
        await task.save(folder, { temperature: 1, metrics: {} });
        expect(await checkpointHash(join(folder, 'frame'))).toBe(await checkpointHash(at(run, 'best')));
      } finally {
        task.dispose();
        await data.close();
      }
    };
    await ofEncoder('frame-run');
    await ofEncoder('other-frame-run');
  },
);

it('a frame network that goes away while one is trained on its features is only missed if it was not copied yet', async () => {
  const encoder = at('passing-encoder');
  await saveTinyFrameModel(encoder, new LabelSet('stripes', PATTERNS), { seed: 3 });
  const hash = await checkpointHash(encoder);
  const config = clipConfig({}, { encoder });
  const data = await openTrainingData(config);
  const task = await data.job(config);
  const figures = { temperature: 1, metrics: {} };
  try {
    await task.save(at('kept'), figures);
    await rm(encoder, { recursive: true });
    await saveTinyFrameModel(encoder, new LabelSet('stripes', PATTERNS), { seed: 4 });
    await task.save(at('kept'), figures);
    expect(await checkpointHash(at('kept', 'frame'))).toBe(hash);
    await expect(task.save(at('new'), figures)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('changed or disappeared') as string,
    });
  } finally {
    task.dispose();
    await data.close();
  }
});

describe('the classes of a manifest, which names them in any order', () => {
  const turned = PATTERNS.toReversed();
  const labelsOf = async (more: Record<string, unknown>): Promise<readonly string[]> => {
    await saveTinyFrameModel(at('turned-encoder'), new LabelSet('turned', turned));
    const config = clipConfig(more, { encoder: at('turned-encoder') });
    const data = await openTrainingData(config);
    const task = await data.job(config);
    try {
      const given = (await openDataset(config.data)).samples.flatMap(({ id, frameLabels }) =>
        frameLabels!.map((label, i) => [`${id}#${i}`, label] as const),
      );
      const truth = new Map<string, string | null>(given);
      expect(
        task.training.rowIds.map((id, row) => task.labels.labels[task.training.rowLabels[row]!] === truth.get(id)),
      ).not.toContain(false);
      return task.labels.labels;
    } finally {
      task.dispose();
      await data.close();
    }
  };

  it('come in the order of the frame network, with the right label on every frame', async () => {
    expect((await openDataset(`manifest:${at('clips')}`)).labels.labels).not.toEqual(turned);
    expect(await labelsOf({})).toEqual(turned);
  });

  it('come as they are chosen, where they are', async () => {
    const chosen = [turned[1]!, turned[0]!, turned[2]!];
    expect(await labelsOf({ labels: chosen })).toEqual(chosen);
  });
});
