import { join } from 'node:path';
import { tf } from '../../model/tfjs.js';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeStriped } from '../../../test/support/striped-dataset.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { loadCheckpoint } from '../../model/checkpoint/checkpoint.js';
import { faceResNet, startFromRecognition } from '../../model/networks/face-resnet.js';
import { resolveConfig } from '../config/read-config.js';
import { runTraining } from './run-training.js';

it('a face ResNet starts from the weights of the network for face recognition', async () => {
  await openBackend();
  const root = await scratchDir();
  await writeStriped(join(root, 'pictures'), { training: 12, test: 3 });
  // A rate so low that the weights stay where they began.
  const config = resolveConfig('ce', {
    data: `manifest:${join(root, 'pictures')}`,
    network: { name: 'face-resnet', size: 16, enlargeTo: 67 },
    init: 'face-api:recognition',
    epochs: 1,
    batchSize: 6,
    optimizer: { lr: 1e-9 },
  });
  const lines: string[] = [];
  await runTraining(config, join(root, 'run'), { onMessage: (line) => void lines.push(line) });
  expect(lines[0]).toBe("52 weights copied from face-api's face recognition network");

  const start = faceResNet({ size: 16, enlargeTo: 67 });
  await startFromRecognition(start);
  const { model } = await loadCheckpoint(join(root, 'run', 'last'));
  tf.tidy(() => {
    for (const layer of ['stem_conv', 'stage4_block1_1_conv']) {
      const [[a], [b]] = [start.getLayer(layer).getWeights(), model.getLayer(layer).getWeights()];
      expect(a!.sub(b!).abs().max().dataSync()[0]!).toBeLessThan(1e-5);
    }
  });
  start.dispose();
  model.dispose();
});
