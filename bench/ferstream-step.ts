import { frameClassifier } from '../src/model/networks/classifier.js';
import { compactResidualNet } from '../src/model/networks/residual-net.js';
import { buildMethod } from '../src/train/trainer/build-method.js';
import type { LossConfig } from '../src/train/trainer/build-method.js';
import type { SeededMicroBatch } from '../src/train/trainer/epoch-batches.js';
import { LocalRunner, averageResults } from '../src/train/trainer/gradients.js';
import type { GradientRunner } from '../src/train/trainer/gradients.js';
import { ModelWeights } from '../src/train/trainer/model-weights.js';
import { adamState, adamStep } from '../src/train/trainer/optimizer.js';

export const BATCH = 64;
export const SIZE = 48;
export const CLASSES = 8;
export const LOSS: LossConfig = {
  method: { name: 'ce', labelSmoothing: 0, classWeights: 'none' },
  sampler: 'shuffle',
  balance: null,
};
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false };

/** A training step of the compact residual net as `fer train` takes it, on the current engine: gradients, their average, and Adam. */
export async function openStep() {
  const model = frameClassifier(compactResidualNet({ size: SIZE }), { classes: CLASSES });
  const rowLabels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);
  const weights = await new ModelWeights(model).read();
  const adam = adamState(weights.trained.length);
  const ones = new Float32Array(weights.trained.length).fill(1);
  return {
    ...{ model, rowLabels },
    local: new LocalRunner(model, buildMethod(LOSS, [...rowLabels], CLASSES)),
    step: async (runner: GradientRunner, microBatches: readonly SeededMicroBatch[]): Promise<void> => {
      const progress = { epoch: 0, epochs: 1 };
      const { gradient, moving } = averageResults(await runner.run(weights, microBatches, progress));
      adamStep(weights.trained, gradient, adam, 1e-3, ADAM, ones, ones);
      weights.moving.set(moving);
    },
  };
}

/** A batch of 64 images in equal parts. Threads take the pixels, so that each step needs new ones. */
export function microBatchesOf(count: number): SeededMicroBatch[] {
  const images = BATCH / count;
  return Array.from({ length: count }, (_, part) => ({
    shape: [images, SIZE, SIZE, 1],
    first: Float32Array.from({ length: images * SIZE * SIZE }, (_value, i) => (i * 7919 + part) % 256),
    second: null,
    labels: Float32Array.from({ length: images }, (_value, i) => i % CLASSES),
    isSoft: false,
    rows: new Int32Array(images),
    dropoutSeed: 1,
  }));
}
