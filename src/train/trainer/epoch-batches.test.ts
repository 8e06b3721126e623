import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { fitTiny, tinyTrainingSet } from '../../../test/support/tiny-training.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { tf } from '../../model/tfjs.js';
import { crossEntropyMethod } from '../losses/cross-entropy.js';
import { SeededRandom } from '../util/seeded-random.js';
import { mixupBatch, planMicroBatches, readStartedMicroBatches } from './epoch-batches.js';

beforeAll(async () => {
  await openBackend();
});

const method = crossEntropyMethod();
const settings = { mixup: { alpha: 0.4 } };

it('mixes pictures and labels in the same shares', async () => {
  const sampled = await tinyTrainingSet(6).sampleBatch([0, 1, 2, 3, 4, 5], 'none', new SeededRandom(1));
  const teacherFeatures = Float32Array.from({ length: 18 }, (_, i) =>
    sampled.labels[Math.floor(i / 3)] === i % 3 ? 1 : 0,
  );
  const drawn = { ...sampled, teacherFeatures };
  const batch = mixupBatch(drawn, 1, 3, new SeededRandom(2));
  expect(batch.rows).toEqual(drawn.rows);
  expect(batch.isSoft).toBe(true);
  expect(batch.shape).toEqual(drawn.shape);
  expect(batch.teacherFeatures).toEqual(batch.labels);
  for (let i = 0; i < 6; i += 1) {
    const label = drawn.labels[i]!;
    const own = batch.labels[3 * i + label]!;
    const other = [0, 1, 2].find((k) => k !== label && batch.labels[3 * i + k]! > 0);
    if (other === undefined) continue;
    // Some picture of the other class, in the share that its label has, makes up the rest.
    const mixed = batch.first.subarray(256 * i, 256 * (i + 1));
    const picture = (at: number): Float32Array => drawn.first.subarray(256 * at, 256 * (at + 1));
    const errors = [0, 1, 2, 3, 4, 5]
      .filter((j) => drawn.labels[j] === other)
      .map((j) => Math.max(...mixed.map((x, k) => Math.abs(x - own * picture(i)[k]! - (1 - own) * picture(j)[k]!))));
    expect(Math.min(...errors)).toBeLessThan(1e-3);
  }
});

it('a run with mixup learns, is the same again, and when it is taken up', async () => {
  const learning = { ...settings, epochs: 8, batchSize: 8 };
  const whole = await fitTiny({ method, settings: learning });
  expect(Math.max(...whole.state.history.map(({ validation }) => validation!.accuracy))).toBeGreaterThan(0.9);
  const stop = new AbortController();
  const begun = await fitTiny({
    method,
    settings: learning,
    signal: stop.signal,
    onEpoch: ({ state }) => {
      if (state.epoch === 3) stop.abort();
    },
  });
  expect(begun.state.epoch).toBe(3);
  const resumed = await fitTiny({ method, settings: learning, state: begun.state });
  expect(resumed.state.weights).toEqual(whole.state.weights);
  expect(resumed.epochs.at(-1)!.rows).toEqual(whole.epochs.at(-1)!.rows);
});

it('depends on the micro-batches and on alpha', async () => {
  const trained = async (microBatches: number, alpha: number | null) =>
    (
      await fitTiny({
        method,
        settings: { mixup: alpha === null ? null : { alpha }, epochs: 1, batchSize: 16, microBatches },
      })
    ).state.weights;
  const two = await trained(2, 0.4);
  expect(await trained(2, 0.4)).toEqual(two);
  expect(await trained(1, 0.4)).not.toEqual(two);
  expect(await trained(2, null)).not.toEqual(two);
});

it('records every row, and keeps no tensor', async () => {
  const before = tf.memory().numTensors;
  const { epochs } = await fitTiny({ method, settings: { ...settings, epochs: 1 } });
  expect([...epochs[0]!.rows].some(Number.isNaN)).toBe(false);
  expect(tf.memory().numTensors).toBe(before);
});

describe('micro batches', () => {
  test.each([
    ['one worker changes nothing', null, 1, null, { microBatches: 1, workers: 1, line: null }],
    [
      'a new run gets a micro-batch for each worker',
      null,
      2,
      null,
      {
        microBatches: 2,
        workers: 2,
        line: expect.stringMatching(/cut into 2 micro-batches.*microBatches = 2/) as string,
      },
    ],
    ['a configured number stays', 3, 2, null, { microBatches: 3, workers: 2, line: null }],
    [
      'a single one stays if configured',
      1,
      2,
      null,
      { microBatches: 1, workers: 1, line: expect.stringContaining('1 of 2 workers is used') as string },
    ],
    [
      'more workers than micro-batches are not started',
      2,
      4,
      null,
      { microBatches: 2, workers: 2, line: expect.stringContaining('2 of 4 workers are used') as string },
    ],
    [
      'a run resumes with its micro-batches and one worker',
      null,
      1,
      2,
      { microBatches: 2, workers: 1, line: expect.stringContaining('as when the run started') as string },
    ],
    [
      'a run resumes with its micro-batches and many workers',
      null,
      4,
      2,
      { microBatches: 2, workers: 2, line: expect.stringMatching(/started.*2 of 4 workers/) as string },
    ],
    [
      'a run started with one worker resumes with one',
      null,
      2,
      1,
      { microBatches: 1, workers: 1, line: expect.stringContaining('1 of 2 workers is used') as string },
    ],
    [
      'another configured number is left for the fingerprint check to refuse',
      3,
      2,
      2,
      { microBatches: 3, workers: 2, line: null },
    ],
  ] as const)('%s', (_, configured, workers, startedWith, expected) => {
    expect(planMicroBatches(configured, workers, startedWith)).toEqual(expected);
  });

  test('reads how a run was started', async () => {
    const file = join(await scratchDir(), 'config.json');
    await expect(readStartedMicroBatches(file)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(file) as string,
    });
    await writeFile(file, '{ "microBatches": 3, "seed": 1 }');
    expect(await readStartedMicroBatches(file)).toBe(3);
  });
});
