import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { planMicroBatches, readStartedMicroBatches } from './micro-batches.js';

test.each([
  ['one worker changes nothing', 1, 1, null, { microBatches: 1, workers: 1, line: null }],
  [
    'a new run gets a micro-batch for each worker',
    1,
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
    'more workers than micro-batches are not started',
    2,
    4,
    null,
    { microBatches: 2, workers: 2, line: expect.stringContaining('2 of 4 workers are used') as string },
  ],
  [
    'a run resumes with its micro-batches and one worker',
    1,
    1,
    2,
    { microBatches: 2, workers: 1, line: expect.stringContaining('as when the run started') as string },
  ],
  [
    'a run resumes with its micro-batches and many workers',
    1,
    4,
    2,
    { microBatches: 2, workers: 2, line: expect.stringMatching(/started.*2 of 4 workers/) as string },
  ],
  [
    'a run started with one worker resumes with one',
    1,
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
