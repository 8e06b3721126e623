import { drawMixture, mixRows } from '../augment/mixup.js';
import type { MicroBatch } from '../data/training/training-set.js';
import type { SeededRandom } from '../util/seeded-random.js';

/**
 * Mixup within a micro-batch: images and label distributions are mixed alike. Only for methods with one view that take soft labels.
 * @param classCount C; labels become [N, C]
 */
export function mixupBatch(batch: MicroBatch, alpha: number, classCount: number, random: SeededRandom): MicroBatch {
  const mixture = drawMixture(batch.rows.length, alpha, random);
  const labels = batch.isSoft ? batch.labels : oneHot(batch.labels, classCount);
  return { ...batch, first: mixRows(batch.first, mixture), labels: mixRows(labels, mixture), isSoft: true };
}

/** [N] -> [N, C] */
function oneHot(labels: Float32Array, classCount: number): Float32Array {
  const rows = new Float32Array(labels.length * classCount);
  labels.forEach((label, i) => {
    rows[i * classCount + label] = 1;
  });
  return rows;
}
