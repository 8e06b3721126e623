import { drawMixture, mixRows } from '../augment/mixup.js';
import type { SeededRandom } from '../util/seeded-random.js';
import type { DrawnShard } from '../data/training/training-set.js';

/**
 * Mixup within a shard: pictures and label distributions are mixed alike. Only for methods with one view that take soft labels.
 * @param classCount C; labels become [N, C]
 */
export function mixShard(
  { shard, rows }: DrawnShard,
  alpha: number,
  classCount: number,
  random: SeededRandom,
): DrawnShard {
  const mixture = drawMixture(rows.length, alpha, random);
  const labels = shard.isSoft ? shard.labels : oneHot(shard.labels, classCount);
  return {
    shard: { ...shard, first: mixRows(shard.first, mixture), labels: mixRows(labels, mixture), isSoft: true },
    rows,
  };
}

/** [N] -> [N, C] */
function oneHot(labels: Float32Array, classCount: number): Float32Array {
  const rows = new Float32Array(labels.length * classCount);
  labels.forEach((label, i) => {
    rows[i * classCount + label] = 1;
  });
  return rows;
}
