import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { TINY_CROP, saveTinyClipModel, saveTinyFrameModel, tinyInfo } from '../../../test/support/tiny-models.js';
import { loadCheckpoint, readCheckpointInfo, saveCheckpoint } from '../checkpoint/checkpoint.js';
import { openBackend } from '../engines/open-backend.js';
import { EXPRESSIONS_7, EXPRESSIONS_8 } from '../label-set.js';
import { frameClassifier } from '../networks/classifier.js';
import { compactResidualNet } from '../networks/residual-net.js';
import { tf } from '../tfjs.js';
import { averageModels } from './average-models.js';

const dir = await scratchDir();
const [a, b, c, mean] = ['a', 'b', 'c', 'mean'].map((name) => join(dir, name)) as [string, string, string, string];

async function weightsOf(folder: string): Promise<Float32Array[]> {
  const { model } = await loadCheckpoint(folder);
  const values = model.getWeights().map((weight) => weight.dataSync() as Float32Array);
  model.dispose();
  return values;
}

beforeAll(async () => {
  await openBackend({ backend: 'wasm' });
  await saveTinyFrameModel(a, EXPRESSIONS_7, { seed: 1, temperature: 2, recipe: { epochs: 3 }, metrics: { loss: 1 } });
  await saveTinyFrameModel(b, EXPRESSIONS_7, { seed: 2, recipe: { epochs: 4 } });
  await saveTinyFrameModel(c, EXPRESSIONS_7, { seed: 3 });
});

it('has the mean of all weights, and says what it was made of', async () => {
  const before = tf.memory().numTensors;
  await averageModels([a, b, c], mean);
  expect(tf.memory().numTensors).toBe(before);
  const all = await Promise.all([a, b, c].map(weightsOf));
  for (const [k, values] of (await weightsOf(mean)).entries())
    for (const [i, value] of values.entries())
      expect(value).toBeCloseTo((all[0]![k]![i]! + all[1]![k]![i]! + all[2]![k]![i]!) / 3, 6);
  const info = await readCheckpointInfo(mean);
  expect(info.recipe).toEqual({ epochs: 3, averagedWith: [{ epochs: 4 }, {}] });
  expect(info.metrics).toEqual({});
  expect(info).not.toHaveProperty('temperature');
});

it('refuses models that have no mean', async () => {
  const [none, wide, eight, clips, free] = ['none', 'wide', 'eight', 'clips', 'free'].map((name) => join(dir, name));
  const network = frameClassifier(compactResidualNet({ size: TINY_CROP.size, width: 8 }), { classes: 7 });
  await saveCheckpoint(network, wide!, tinyInfo(EXPRESSIONS_7));
  network.dispose();
  await saveTinyFrameModel(eight!, EXPRESSIONS_8);
  await saveTinyClipModel(clips!, EXPRESSIONS_7);
  const posteriors = Array.from({ length: 7 }, () => 1 / 7);
  await saveTinyFrameModel(free!, EXPRESSIONS_7, { priors: { posteriors, training: posteriors } });
  await expect(averageModels([a, eight!], join(dir, 'x'))).rejects.toThrow(/expressions-8.*wanted: "expressions-7"/);
  await expect(averageModels([a, clips!], join(dir, 'x'))).rejects.toThrow(/temporal network.*clips.frame/);
  await expect(averageModels([a, free!], join(dir, 'x'))).rejects.toThrow(/class frequencies/);
  await expect(averageModels([a, wide!], join(dir, 'x'))).rejects.toThrow(/different networks/);
  await expect(averageModels([a, none!], join(dir, 'x'))).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
});
