import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { epochHistory, THREE_LABELS } from '../../../test/support/epoch-history.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { tinyTrainingSet } from '../../../test/support/tiny-training.js';
import { resolveConfig } from '../config/read-config.js';
import { nawSchedule } from '../losses/naw-bell.js';
import { makeRunFolder, runFolder } from '../records/run-folder.js';
import { RunLogs, weighting } from './run-logs.js';
import type { TrainingState } from '../records/training-state.js';

const dir = await scratchDir();

/** Names in the run folder after these epochs. */
async function filesAfter(
  name: string,
  moments: readonly { readonly epoch: number; readonly bestEpoch: number; readonly isLast?: boolean }[],
): Promise<string[]> {
  const folder = runFolder(join(dir, name));
  await makeRunFolder(folder);
  const training = tinyTrainingSet(6);
  const logs = new RunLogs(folder, resolveConfig('nla', { data: 'none:', epochs: 7 }), training, THREE_LABELS);
  for (const { epoch, bestEpoch, isLast = false } of moments) {
    const nothing = { trained: new Float32Array(0), moving: new Float32Array(0) };
    const adam = { first: nothing.trained, second: nothing.trained, steps: 1 };
    const state: TrainingState = {
      epoch,
      bestEpoch,
      bestScore: 0.5,
      history: epochHistory(epoch),
      fingerprint: '',
      weights: nothing,
      adam,
      average: null,
    };
    await logs.write(
      state,
      Float32Array.from({ length: 18 }, (_, i) => (i % 3 === 2 ? 0 : 0.4)),
      isLast,
    );
  }
  return (await readdir(folder.path)).sort();
}

describe('what a run writes for people', () => {
  it('are tables and events after every epoch, and a report now and then', async () => {
    expect(await filesAfter('first', [{ epoch: 1, bestEpoch: 1 }])).toEqual([
      'epochs.csv',
      'epochs.jsonl',
      'tensorboard',
    ]);
    expect(await filesAfter('fifth', [{ epoch: 5, bestEpoch: 4 }])).toContain('report.html');
  });

  it('ends with a report', async () => {
    expect(await filesAfter('early', [{ epoch: 3, bestEpoch: 2 }])).not.toContain('report.html');
    expect(await filesAfter('last', [{ epoch: 4, bestEpoch: 2, isLast: true }])).toContain('report.html');
  });
});

describe('the weights of the report', () => {
  const config = (preset: string, settings = {}): ReturnType<typeof resolveConfig> =>
    resolveConfig(preset, { data: 'none:', epochs: 20, ...settings });

  it('are those of the epoch, by NLA counted from the end of its warm-up', () => {
    const nla = config('nla', { method: { crossEntropyEpochs: 4 } });
    expect(weighting(nla, 4, -15)).toEqual({ epsilon: 0, weightsWereUsed: false });
    expect(weighting(nla, 5, -15)).toEqual({ epsilon: 0, weightsWereUsed: true });
    expect(weighting(nla, 12, -15)).toEqual({ epsilon: nawSchedule(7, 16, -15), weightsWereUsed: true });
    const clips = config('v-naw', { network: { encoder: 'frames' } });
    expect(weighting(clips, 12, -15)).toEqual({ epsilon: nawSchedule(11, 20, -15), weightsWereUsed: true });
  });

  it('are only what they would have been by methods without', () => {
    expect(weighting(config('dnfer'), 12, -15)).toEqual({ epsilon: nawSchedule(11, 20, -15), weightsWereUsed: false });
  });

  it('bear a training that is all warm-up', () => {
    expect(weighting(config('nla', { epochs: 3 }), 3, -15)).toEqual({ epsilon: 0, weightsWereUsed: false });
  });
});
