import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeStills } from '../../../test/support/stills-dataset.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { resolveConfig } from '../config/read-config.js';
import type { TrainConfig } from '../config/train-config.js';
import { runTraining } from './run-training.js';

let folder: string;
let config: TrainConfig;
beforeAll(async () => {
  await openBackend({ backend: 'wasm' });
  folder = await scratchDir();
  const data = join(folder, 'stills');
  await writeStills(data);
  config = resolveConfig(null, {
    data: `manifest:${data}`,
    method: { name: 'ce', classWeights: 'balanced' },
    network: { name: 'compact', size: 12, width: 4, dropout: 0.3 },
    ...{ epochs: 3, batchSize: 12 },
  });
});

test('a run started with two workers and finished with one gives the curve of one worker with the same micro-batches', async () => {
  const whole = await runTraining({ ...config, microBatches: 2 }, join(folder, 'whole'));

  const path = join(folder, 'shared');
  const stop = new AbortController();
  const lines: string[] = [];
  const begun = await runTraining(config, path, {
    workers: 2,
    signal: stop.signal,
    onMessage: (line) => lines.push(line),
    onEpoch: ({ epoch }) => {
      if (epoch === 2) stop.abort();
    },
  });
  expect(begun).toMatchObject({ isComplete: false, history: { length: 2 } });
  expect(lines).toContainEqual(expect.stringContaining('microBatches = 2 in config.json'));
  expect(JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))).toMatchObject({ microBatches: 2 });

  const ended = await runTraining(config, path, { resume: true, workers: 1 });
  expect(ended.history).toHaveLength(3);
  ended.history.forEach(({ loss, trainAccuracy }, i) => {
    expect(loss).toBeCloseTo(whole.history[i]!.loss, 4);
    expect(trainAccuracy).toBeCloseTo(whole.history[i]!.trainAccuracy, 4);
  });
  expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort')).toEqual([]);
});

test.each(['reading the data', 'a step of a thread', 'the last epoch'])('interrupted in %s', async (where) => {
  const path = join(folder, where.replaceAll(' ', '-'));
  const stop = new AbortController();
  const isLast = where === 'the last epoch';
  const abort = (): void => {
    stop.abort();
  };
  const outcome = await runTraining({ ...config, epochs: 1 }, path, {
    workers: 1,
    signal: stop.signal,
    ...(where === 'reading the data' && { onRead: abort }),
    ...(where === 'a step of a thread' && { onStep: abort }),
    ...(isLast && { onEpoch: abort }),
  });
  // A run whose last epoch is done is complete.
  expect(outcome).toMatchObject({ isComplete: isLast, history: { length: isLast ? 1 : 0 } });
  const files = await readdir(path).catch((): string[] => []);
  expect(files.includes('state.bin')).toBe(isLast);
  expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort')).toEqual([]);
  const resumed = await runTraining({ ...config, epochs: 1 }, path, { resume: true });
  expect(resumed).toMatchObject({ isComplete: true, history: { length: 1 } });
});

test('a number of workers that makes no sense is refused before anything is read', async () => {
  await expect(runTraining(config, join(folder, 'none'), { workers: 0 })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  await expect(readFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
