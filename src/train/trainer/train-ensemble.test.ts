import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeStriped } from '../../../test/support/striped-dataset.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { readCheckpointInfo } from '../../model/checkpoint/checkpoint.js';
import { resolveConfig } from '../config/read-config.js';
import type { TrainConfig } from '../config/train-config.js';
import { runTraining } from './run-training.js';

const network = { name: 'compact', size: 16, width: 4 };

beforeAll(async () => {
  await openBackend();
});

it('networks of earlier runs become an ensemble and are trained further, also when the run resumes after they have been moved', async () => {
  const root = await scratchDir();
  await writeStriped(join(root, 'pictures'));
  const config = (settings: Record<string, unknown>): TrainConfig =>
    resolveConfig('ce', { data: `manifest:${join(root, 'pictures')}`, epochs: 1, batchSize: 12, ...settings });
  for (const seed of [1, 2]) await runTraining(config({ network, seed }), join(root, `part ${seed}`));

  const joined = (folder: string): TrainConfig =>
    config({
      network: {
        name: 'ensemble',
        members: [join(folder, 'part 1', 'last'), join(folder, 'part 2', 'best')],
        flipTta: true,
      },
      epochs: 3,
      method: { name: 'nla' },
    });
  const controller = new AbortController();
  const begun = await runTraining(joined(root), join(root, 'both'), {
    signal: controller.signal,
    onEpoch: () => {
      controller.abort();
    },
  });
  expect(begun).toMatchObject({ isComplete: false });
  const elsewhere = await scratchDir();
  for (const part of ['part 1', 'part 2']) await rename(join(root, part), join(elsewhere, part));
  const { history, isComplete } = await runTraining(joined(elsewhere), join(root, 'both'), { resume: true });
  expect([history.length, isComplete]).toEqual([3, true]);
  expect(await readCheckpointInfo(join(root, 'both', 'last'))).toMatchObject({
    kind: 'frame',
    network: 'ensemble',
    flipTta: true,
    crop: { size: 16, channels: 1 },
  });
});
