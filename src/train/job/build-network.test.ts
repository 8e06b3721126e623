import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { saveCheckpoint } from '../../model/checkpoint/checkpoint.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { trainedPart } from '../../model/heads/model-folder.js';
import { LabelSet } from '../../model/label-set.js';
import { frameClassifier } from '../../model/networks/classifier.js';
import { compactResidualNet } from '../../model/networks/residual-net.js';
import { tf } from '../../model/tfjs.js';
import { resolveConfig } from '../config/read-config.js';
import { fineTuneSettings, geometryOf, startFrom } from './build-network.js';
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

  it('are taken over, but for a last layer of other classes', async () => {
    const lines = await start(network(3, 4));
    expect(lines[0]).toMatch(/^(\d+) of \d+ weights taken over: stem_conv, stem_norm, .+_norm$/);
    expect(lines.slice(1)).toEqual([
      'not taken over: logits/kernel is [16, 3] here and [16, 2] there',
      'not taken over: logits/bias is [3] here and [2] there',
    ]);
  });

  it('are not taken over for a last layer of as many other classes, nor of the same in another order', async () => {
    const head = async (model: tf.LayersModel): Promise<number[]> => [
      ...(await model.getLayer('logits').getWeights()[0]!.data()),
    ];
    for (const [labels, seed, isTaken] of [
      [['a', 'b'], 2, true],
      [['b', 'a'], 2, false],
      [['a', 'c'], 2, false],
    ] as const) {
      const model = network(2, 4, 1, seed);
      const own = await head(model);
      const lines = await start(model, [...labels], async (begun) => {
        expect((await head(begun)).join() === own.join()).toBe(!isTaken);
      });
      expect(lines[0]).toMatch(/^\d+ of \d+ weights taken over/);
      expect(/logits/.test(lines[0]!)).toBe(isTaken);
      expect(lines.slice(1)).toEqual(
        isTaken
          ? []
          : [`the last layer starts with random weights: its classes there are a, b, here ${labels.join(', ')}`],
      );
    }
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
        message: expect.stringContaining(checkpoint) as string,
      });
  });
});

describe('fine tune', () => {
  it('starts from the default model with its own network, and lets the user override', async () => {
    const settings = await fineTuneSettings('default');
    const config = resolveConfig('nla', settings, { data: 'manifest:mine', init: 'default' });
    expect(config.network).toMatchObject({ name: 'face-resnet', size: 48, enlargeTo: 83 });
    expect(config.optimizer.lr).toBeLessThan(1e-3);
    const own = resolveConfig('nla', settings, { data: 'manifest:mine', optimizer: { lr: 0.01 } });
    expect(own.optimizer).toMatchObject({ lr: 0.01, headLrFactor: 10 });
  });

  it('finds the default model by name, as a whole and by its part', async () => {
    const whole = await trainedPart('default', 'frame');
    expect(await trainedPart('default/frame', 'frame')).toBe(whole);
    expect(await trainedPart(whole, 'frame')).toBe(whole);
    await expect(fineTuneSettings('./no-such-model')).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  });
});
