import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { writePrepared } from '../../../test/support/prepared-folder.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeStriped } from '../../../test/support/striped-dataset.js';
import { PATTERNS, stripedPictures } from '../../../test/support/striped-pictures.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { loadCheckpoint, readCheckpointInfo } from '../../model/checkpoint/checkpoint.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import { resolveConfig } from '../config/read-config.js';
import type { TrainConfig } from '../config/train-config.js';
import { predictWith } from '../trainer/gradients.js';
import { openTrainingData } from './training-data.js';
import type { TrainingJob } from './training-job.js';

const SIZE = 16;
let root = '';
const config = (more: Record<string, unknown> = {}, data = `manifest:${join(root, 'pictures')}`): TrainConfig =>
  resolveConfig('ce', {
    data,
    network: { name: 'compact', size: SIZE, width: 4 },
    validation: { fraction: 0.25 },
    ...more,
  });

/** Looks at a task and puts it away. */
async function taskOf<T>(wanted: TrainConfig, look: (task: TrainingJob) => T | Promise<T>): Promise<T> {
  const data = await openTrainingData(wanted);
  try {
    const task = await data.job(wanted);
    try {
      return await look(task);
    } finally {
      task.dispose();
    }
  } finally {
    await data.close();
  }
}

beforeAll(async () => {
  await openBackend();
  root = await scratchDir();
  // 36 images to train on, another one that is cut short, and 9 to test.
  await writeStriped(join(root, 'pictures'));
});

describe('images to train a frame network on', () => {
  it('are divided, decoded and counted, and nothing stays behind', async () => {
    const before = tf.memory().numTensors;
    const found = await taskOf(config(), ({ report, training, validation, labels }) => ({
      report,
      rows: training.rowIds,
      classes: training.classes,
      held: validation!.labels,
      labels: labels.labels,
    }));
    expect(found.report.training + found.report.validation).toBe(36);
    expect(found.report).toMatchObject({ leftOut: { 'cannot be decoded': 1 } });
    expect(found.rows).toHaveLength(found.report.training);
    expect(found.held).toHaveLength(found.report.validation);
    expect(found.labels).toEqual([...PATTERNS]);
    // Picture i shows pattern i modulo 3.
    expect(found.rows.map((id) => Number.parseInt(id, 10) % 3)).toEqual(found.classes);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('get wrong labels only in the training part, and are cut to the subset', async () => {
    const plain = await taskOf(config(), ({ training, validation }) => ({
      labels: [...training.rowLabels],
      held: [...validation!.labels],
    }));
    const noisy = await taskOf(config({ noise: { rate: 0.3 } }), ({ training, validation }) => ({
      labels: [...training.rowLabels],
      held: [...validation!.labels],
    }));
    const wrong = noisy.labels.filter((label, i) => label !== plain.labels[i]).length;
    expect(Math.abs(wrong / plain.labels.length - 0.3)).toBeLessThan(0.06);
    expect(noisy.held).toEqual(plain.held);
    const few = await taskOf(config({ subset: 12 }), ({ training, validation }) => [
      training.count,
      validation!.labels.length,
    ]);
    expect(few).toEqual([12, plain.held.length]);
  });

  it('of another split are evaluated unchanged', async () => {
    const data = await openTrainingData(config());
    const test = await data.split('test');
    expect([...test.labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    const task = await data.job(config());
    const logits = await test.logits(predictWith(task.model));
    expect(logits.map(({ length }) => length)).toEqual(new Array(9).fill(3));
    expect((await data.split('valid')).labels).toHaveLength(0);
    await task.save(join(root, 'model'), { temperature: 1.5, metrics: { accuracy: 0.5 } });
    const { model, info } = await loadCheckpoint(join(root, 'model'), { kind: 'frame' });
    expect(info).toMatchObject({ temperature: 1.5, metrics: { accuracy: 0.5 }, crop: { size: SIZE, channels: 1 } });
    const again = await test.logits(predictWith(model));
    expect(again).toEqual(logits);
    model.dispose();
    task.dispose();
    await data.close();
  });

  it('and their mirror images get the same posteriors with flip averaging, which the checkpoint keeps', async () => {
    const symmetric = config({ network: { name: 'compact', size: SIZE, width: 4, flipTta: true } });
    await taskOf(symmetric, async (task) => {
      const seen: Float32Array[] = [];
      const predict = predictWith(task.model);
      const logits = await task.validation!.logits((values, shape) => {
        seen.push(values);
        return predict(values, shape);
      });
      const [plain, mirrored] = [
        await predict(seen[0]!, [9, SIZE, SIZE, 1]),
        await predict(seen[1]!, [9, SIZE, SIZE, 1]),
      ];
      expect(seen).toHaveLength(2);
      for (let y = 0; y < 9 * SIZE; y += 1)
        expect(seen[1]!.slice(y * SIZE, (y + 1) * SIZE)).toEqual(seen[0]!.slice(y * SIZE, (y + 1) * SIZE).reverse());
      for (const [k, value] of logits.flatMap((row) => [...row]).entries())
        expect(value).toBeCloseTo((plain[k]! + mirrored[k]!) / 2, 5);
      await task.save(join(root, 'symmetric'), { temperature: 1, metrics: {} });
    });
    expect((await readCheckpointInfo(join(root, 'symmetric'))).flipTta).toBe(true);
  });

  it('get the mean of its members from an ensemble, whose members must fit', async () => {
    const folder = (name: string): string => join(root, 'parts', name);
    const pictures = `manifest:${join(root, 'pictures')}`;
    for (const [name, size, seed] of [
      ['one', SIZE, 1],
      ['two', SIZE, 2],
      ['larger', 2 * SIZE, 1],
    ] as const) {
      await taskOf(config({ network: { name: 'compact', size, width: 4 }, seed }), (task) =>
        task.save(folder(name), { temperature: 1, metrics: {} }),
      );
    }
    const answers = (network: Record<string, unknown>, seed = 1): Promise<Float32Array[]> =>
      taskOf(config({ network, seed }), ({ model, validation }) => validation!.logits(predictWith(model)));
    const before = tf.memory().numTensors;
    const [one, two] = [
      await answers({ name: 'compact', size: SIZE, width: 4 }, 1),
      await answers({ name: 'compact', size: SIZE, width: 4 }, 2),
    ];
    const both = await answers({ name: 'ensemble', members: [folder('one'), folder('two')] });
    expect(both).toHaveLength(one.length);
    both.forEach((row, i) => {
      row.forEach((value, k) => {
        expect(value).toBeCloseTo((one[i]![k]! + two[i]![k]!) / 2, 4);
      });
    });

    await expect(answers({ name: 'ensemble', members: [folder('one'), folder('larger')] })).rejects.toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
      message: expect.stringMatching(/larger was trained on crops/) as string,
    });
    await expect(answers({ name: 'ensemble', members: [folder('one'), folder('none')] })).rejects.toMatchObject({
      code: 'WEIGHTS_MISSING',
    });
    const reordered = config(
      { network: { name: 'ensemble', members: [folder('one'), folder('two')] }, labels: [...PATTERNS].reverse() },
      pictures,
    );
    await expect(taskOf(reordered, () => null)).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of prepared sets, with the labelled frames of clips that show a face, are read in place', async () => {
    const geometry = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;
    const frames = [0, 1, 2, 3].map((index) => ({
      index: 2 * index,
      timestamp: index / 25,
      crop: [3, null, 4, 5][index]!,
    }));
    const rows = [
      ...[0, 1, 2].map((i) => ({ id: `still ${i}`, label: PATTERNS[i]! })),
      { id: 'clip', kind: 'clip' as const, frames, frameLabels: [PATTERNS[0], PATTERNS[0], null, PATTERNS[2]] },
      { id: 'held', label: PATTERNS[0], split: 'valid' as const },
    ];
    await writePrepared(join(root, 'prepared'), geometry, PATTERNS, rows, stripedPictures(7, SIZE));
    const wanted = config({}, `prepared:${join(root, 'prepared')}`);
    await taskOf(wanted, async ({ report, training, validation }) => {
      expect(report).toEqual({ training: 5, validation: 1, leftOut: {}, notes: [] });
      expect(training.rowIds).toEqual(['still 0', 'still 1', 'still 2', 'clip#0', 'clip#6']);
      expect([...training.rowLabels]).toEqual([0, 1, 2, 0, 2]);
      expect([...validation!.labels]).toEqual([0]);
      const pictures = stripedPictures(7, SIZE);
      expect(await training.picture(4)).toEqual(pictures.slice(5 * SIZE * SIZE, 6 * SIZE * SIZE));
    });
    const other = resolveConfig('ce', { data: wanted.data, network: { name: 'compact', size: 24, width: 4 } });
    await expect(taskOf(other, () => null)).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
  });

  it('prepared without a whole face are left out of training by default, never of validation', async () => {
    const geometry = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;
    const flawed = (crop: number) => ({ frames: [{ index: 0, timestamp: 0, crop, flaw: 'blurred' as const }] });
    const rows = [
      { id: 'whole', label: PATTERNS[0] },
      { id: 'blurred', label: PATTERNS[1], ...flawed(1) },
      { id: 'held', label: PATTERNS[0], split: 'valid' as const, ...flawed(2) },
      { id: 'other', label: PATTERNS[2] },
    ];
    await writePrepared(join(root, 'flawed'), geometry, PATTERNS, rows, stripedPictures(4, SIZE));
    const data = `prepared:${join(root, 'flawed')}`;
    await taskOf(config({}, data), ({ report, training, validation }) => {
      expect(training.rowIds).toEqual(['whole', 'other']);
      expect(validation!.labels).toHaveLength(1);
      expect(report.leftOut).toEqual({ 'blurred or cut off, as "flawedCrops" is off': 1 });
    });
    await taskOf(config({ flawedCrops: true }, data), ({ training }) => {
      expect(training.rowIds).toEqual(['whole', 'blurred', 'other']);
    });
  });

  it('prepared without a detected face are left out of training by default, never of validation', async () => {
    const geometry = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;
    const rows = [
      { id: 'face', label: PATTERNS[0] },
      { id: 'landscape', label: PATTERNS[1], origin: 'whole' as const },
      { id: 'held', label: PATTERNS[0], split: 'valid' as const, origin: 'whole' as const },
      { id: 'other', label: PATTERNS[2] },
    ];
    await writePrepared(join(root, 'no-face'), geometry, PATTERNS, rows, stripedPictures(4, SIZE));
    const data = `prepared:${join(root, 'no-face')}`;
    await taskOf(config({}, data), ({ report, training, validation }) => {
      expect(training.rowIds).toEqual(['face', 'other']);
      expect(validation!.labels).toHaveLength(1);
      expect(report.leftOut).toEqual({ 'no face detected, as "noFace" is "skip"': 1 });
    });
    await taskOf(config({ noFace: 'whole' }, data), ({ training }) => {
      expect(training.rowIds).toEqual(['face', 'landscape', 'other']);
    });
    const none = rows.filter(({ origin }) => origin === 'whole');
    await writePrepared(join(root, 'no-faces'), geometry, PATTERNS, none, stripedPictures(2, SIZE));
    await expect(taskOf(config({}, `prepared:${join(root, 'no-faces')}`), () => null)).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringMatching(/no training images are left \(1 without a detected face.*noFace=whole/) as string,
    });
  });

  it('that are none are refused', async () => {
    const folder = join(root, 'empty');
    await writeStriped(folder, { training: 3, test: 3 });
    for (const i of [0, 1, 2]) await writeFile(join(folder, `${i}.png`), `no picture ${i}`);
    await expect(taskOf(config({}, `manifest:${folder}`), () => null)).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringMatching(/no training images are left.*fer dataset check/) as string,
    });
  });
});
