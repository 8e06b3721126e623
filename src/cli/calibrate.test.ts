import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../model/tfjs.js';
import { beforeAll, expect, it } from 'vitest';
import { scratchDir } from '../../test/support/scratch.js';
import { writeStriped } from '../../test/support/striped-dataset.js';
import { PATTERNS } from '../../test/support/striped-pictures.js';
import { saveTinyClipModel, saveTinyFrameModel } from '../../test/support/tiny-models.js';
import { openBackend } from '../model/engines/open-backend.js';
import { readCheckpointInfo } from '../model/checkpoint/checkpoint.js';
import { LabelSet } from '../model/label-set.js';
import { TrainedModel } from '../model/heads/trained-model.js';
import { evaluate } from '../train/evaluate/evaluate.js';
import { openSplit, withFaces } from '../train/data/faces/open-faces.js';
import { runCalibrate } from './calibrate.js';

const dir = await scratchDir();
const data = join(dir, 'pictures');
const LABELS = new LabelSet('patterns', [...PATTERNS]);

beforeAll(async () => {
  await openBackend();
  await writeStriped(data, { training: 4, test: 40 });
  // The network knows nothing of stripes: what it says is true of four pictures in five is made the truth.
  const model = join(dir, 'teacher');
  await saveTinyFrameModel(model, LABELS);
  const teacher = await TrainedModel.load(model);
  const from = { data: `manifest:${data}`, split: 'test' } as const;
  const rows: string[] = [];
  await withFaces(await openSplit(from), from, { model: teacher, faces: 'as-is' }, (crops) =>
    evaluate(teacher, crops, {
      onPrediction: ({ id, predicted, posteriors }) => {
        const second = [...posteriors.keys()].sort((a, b) => posteriors[b]! - posteriors[a]!)[1]!;
        rows.push(`${id},${rows.length % 5 === 0 ? PATTERNS[second]! : predicted},test`);
      },
    }),
  );
  teacher.dispose();
  await writeFile(join(data, 'manifest.csv'), ['path,label,split', ...rows].join('\n'));
});

async function calibrate(
  model: string,
  more: { readonly dryRun?: boolean; readonly data?: string; readonly output?: string } = {},
): Promise<string[]> {
  const lines: string[] = [];
  await runCalibrate(
    { model, data: `manifest:${data}`, split: 'test', faces: 'as-is', ...more },
    { write: (line) => lines.push(line), progress: { write: () => undefined } },
  );
  return lines;
}

/** Of the last line: temperature, cross entropy, calibration error. */
const numbers = (line: string): number[] => line.trim().split(/\s+/).slice(-3).map(Number);

it('calibrates the posteriors of a frame model with any earlier temperature', async () => {
  const [plain, odd] = [join(dir, 'plain'), join(dir, 'odd')];
  await saveTinyFrameModel(plain, LABELS);
  await saveTinyFrameModel(odd, LABELS, { temperature: 4 });
  const tensors = tf.memory().numTensors;
  const lines = await calibrate(plain);
  expect(lines[0]).toContain('40 faces');
  const [before, after] = [numbers(lines.at(-2)!), numbers(lines.at(-1)!)];
  expect(after[1]).toBeLessThan(before[1]! - 0.01);
  expect(after[2]).toBeLessThan(before[2]!);
  const { temperature } = await readCheckpointInfo(plain);
  expect(after[0]).toBeCloseTo(temperature!, 3);
  // Another temperature leads to the same, and a second time there is nothing left to do.
  await calibrate(odd);
  expect((await readCheckpointInfo(odd)).temperature! / temperature!).toBeCloseTo(1, 2);
  const again = await calibrate(plain);
  expect(numbers(again.at(-2)!)[1]).toBeCloseTo(numbers(again.at(-1)!)[1]!, 3);
  expect(tf.memory().numTensors).toBe(tensors);
});

it('fits the same temperature whatever class frequencies the network was trained for', async () => {
  const [plain, skewed] = [join(dir, 'no-priors'), join(dir, 'priors')];
  await saveTinyFrameModel(plain, LABELS);
  const shares = LABELS.labels.map((_, k) => 2 ** -k);
  const sum = shares.reduce((total, share) => total + share, 0);
  const posteriors = shares.map((share) => share / sum);
  await saveTinyFrameModel(skewed, LABELS, { priors: { posteriors, training: [...posteriors].reverse() } });
  for (const model of [plain, skewed]) await calibrate(model);
  const [expected, fitted] = await Promise.all(
    [plain, skewed].map(async (model) => (await readCheckpointInfo(model)).temperature!),
  );
  expect(fitted! / expected!).toBeCloseTo(1, 2);
});

it('writes into the part of a clip model that answers', async () => {
  const model = join(dir, 'clips');
  await saveTinyClipModel(model, LABELS);
  await calibrate(model);
  expect((await readCheckpointInfo(join(model, 'temporal'))).temperature).toBeGreaterThan(0);
  expect((await readCheckpointInfo(join(model, 'frame'))).temperature).toBeUndefined();
});

it('only says so, with --dry-run', async () => {
  const model = join(dir, 'dry');
  await saveTinyFrameModel(model, LABELS);
  expect((await calibrate(model, { dryRun: true })).at(-1)).toMatch(/^would be/);
  expect((await readCheckpointInfo(model)).temperature).toBeUndefined();
});

it('writes a calibrated copy, which a shipped model needs', async () => {
  const [model, copy] = [join(dir, 'kept'), join(dir, 'copy')];
  await saveTinyFrameModel(model, LABELS);
  expect((await calibrate(model, { output: copy }))[0]).toContain(`${copy} on 40 faces`);
  expect((await readCheckpointInfo(model)).temperature).toBeUndefined();
  expect((await readCheckpointInfo(copy)).temperature).toBeGreaterThan(0);
  await expect(calibrate('default')).rejects.toThrow(/--output DIR/);
  await expect(calibrate('face-api', { output: copy })).rejects.toThrow(/give a trained model/);
});

it('refuses labels that the model does not know', async () => {
  const model = join(dir, 'others');
  await saveTinyFrameModel(model, new LabelSet('others', ['a', 'b', 'c']));
  await expect(calibrate(model)).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringMatching(/no face with a label the model knows/) as string,
  });
});
