import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { readBegunShards, shardsForWorkers } from './shards-for-workers.js';

test.each([
  ['one worker changes nothing', { shards: 1, accumulate: 1 }, 1, null, { shards: 1, workers: 1, line: null }],
  [
    'a new run gets a shard for each worker',
    { shards: 1, accumulate: 1 },
    2,
    null,
    { shards: 2, workers: 2, line: expect.stringMatching(/cut into 2 shards.*shards = 2/) as string },
  ],
  [
    'batches that are accumulated keep workers busy too',
    { shards: 1, accumulate: 4 },
    2,
    null,
    { shards: 1, workers: 2, line: null },
  ],
  ['what the configuration says stays', { shards: 3, accumulate: 1 }, 2, null, { shards: 3, workers: 2, line: null }],
  [
    'more workers than shards are not started',
    { shards: 2, accumulate: 1 },
    4,
    null,
    { shards: 2, workers: 2, line: expect.stringContaining('2 of 4 workers are used') as string },
  ],
  [
    'a run goes on with its shards and one worker',
    { shards: 1, accumulate: 1 },
    1,
    2,
    { shards: 2, workers: 1, line: expect.stringContaining('as when the run began') as string },
  ],
  [
    'a run goes on with its shards and many workers',
    { shards: 1, accumulate: 1 },
    4,
    2,
    { shards: 2, workers: 2, line: expect.stringMatching(/began.*2 of 4 workers/) as string },
  ],
  [
    'a run begun with one worker goes on with one',
    { shards: 1, accumulate: 1 },
    2,
    1,
    { shards: 1, workers: 1, line: expect.stringContaining('1 of 2 workers is used') as string },
  ],
  [
    'another number said for a run that goes on is left for its check to refuse',
    { shards: 3, accumulate: 1 },
    2,
    2,
    { shards: 3, workers: 2, line: null },
  ],
] as const)('%s', (_, config, workers, begunWith, expected) => {
  expect(shardsForWorkers(config, workers, begunWith)).toEqual(expected);
});

test('reads how a run was begun', async () => {
  const file = join(await scratchDir(), 'config.json');
  await expect(readBegunShards(file)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(file) as string,
  });
  await writeFile(file, '{ "shards": 3, "seed": 1 }');
  expect(await readBegunShards(file)).toBe(3);
});
