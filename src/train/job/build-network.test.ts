import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { saveCheckpoint } from '../../model/checkpoint/checkpoint.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { LabelSet } from '../../model/label-set.js';
import { frameClassifier } from '../../model/networks/classifier.js';
import { compactResidualNet } from '../../model/networks/residual-net.js';
import { tf } from '../../model/tfjs.js';
import { resolveConfig } from '../config/read-config.js';
import { geometryOf, startFrom } from './build-network.js';
import { checkpointInfo } from './training-job.js';

const network = (classes: number, width: number, depth = 1, seed = 1): tf.LayersModel =>
  frameClassifier(compactResidualNet({ size: 16, width, depth, seed }), { classes, seed });

describe('the weights of an earlier model', async () => {
  const checkpoint = join(await scratchDir(), 'earlier');

  beforeAll(async () => {
    await openBackend();
    const config = resolveConfig('ce', { data: 'manifest:own', network: { size: 16, width: 4 } });
    const model = network(2, 4);
    await saveCheckpoint(model, checkpoint, {
      ...checkpointInfo(
        'frame',
        model,
        new LabelSet('two', ['a', 'b']),
        await geometryOf({ name: 'compact', size: 16, channels: 1, width: 4, depth: 1, dropout: 0, flipTta: false }),
        config,
      ),
      metrics: {},
    });
    model.dispose();
  });

  const start = async (
    model: tf.LayersModel,
    labels = ['a', 'b', 'c'].slice(0, model.outputs[0]!.shape.at(-1)!),
    look: (model: tf.LayersModel) => Promise<void> = () => Promise.resolve(),
  ): Promise<readonly string[]> => {
    const lines: string[] = [];
    const before = tf.memory().numTensors;
    try {
      await startFrom(model, checkpoint, new LabelSet('wanted', labels), (line) => void lines.push(line));
      await look(model);
    } finally {
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    }
    return lines;
  };

  it.each([
    [['a', 'b'], []],
    [['b', 'a'], ['last layer taken over for b, a']],
    [['a', 'c'], ['last layer taken over for a; random weights for c']],
    [['c', 'b', 'a'], ['last layer taken over for b, a; random weights for c']],
    [['c', 'd'], ['the last layer starts with random weights: its classes there are a, b, here c, d']],
  ])('are taken over, in the last layer for the classes that it knows: %s', async (labels, messages) => {
    /** Kernel of the last layer, by class. */
    const head = (model: tf.LayersModel): number[][] =>
      tf.tidy(() => tf.transpose(model.getLayer('logits').getWeights()[0]!).arraySync() as number[][]);
    const earlier = network(2, 4);
    const [a, b] = head(earlier);
    earlier.dispose();
    const model = network(labels.length, 4, 1, 2);
    const answer = (of: tf.LayersModel): Float32Array =>
      tf.tidy(() => (of.predict(tf.zeros([1, 16, 16, 1])) as tf.Tensor).dataSync<'float32'>());
    const own = head(model);
    answer(model); // what layers keep from their first use on is not a leak
    const lines = await start(model, labels, (begun) => {
      expect(answer(begun)).toHaveLength(labels.length);
      expect(head(begun)).toEqual(labels.map((label, i) => (label === 'a' ? a : label === 'b' ? b : own[i])));
      return Promise.resolve();
    });
    expect(lines[0]).toMatch(/^(\d+) of \1 weights taken over: stem_conv, stem_norm, .+_norm/);
    expect(lines.slice(1)).toEqual(messages);
  });

  it('that are not there are counted, and the first of them named', async () => {
    const lines = await start(network(2, 4, 2));
    expect(lines).toHaveLength(8);
    expect(lines.at(-1)).toBe('and 24 more'); // of 30: in each of three stages two convolutions with their normalisations
  });

  it('are refused where not one fits, but for the bias of as many classes', async () => {
    for (const classes of [2, 3])
      await expect(start(network(classes, 8))).rejects.toMatchObject({
        code: 'MODEL_INCOMPATIBLE',
        message: expect.stringMatching(
          /earlier fits this network: set "network": \{"name":"compact".*"width":4/,
        ) as string,
      });
  });
});
