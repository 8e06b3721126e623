import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { nawWeights } from '../losses/naw.js';
import { NAW_PARAMETERS } from '../losses/naw-bell.js';
import { SeededRandom } from '../util/seeded-random.js';
import { RowTable } from './row-table.js';

beforeAll(async () => {
  await openBackend();
});

describe('the table of rows', () => {
  it('holds the p_GT and p_NN that NAW weighs by', () => {
    const random = new SeededRandom(3);
    const [count, classes] = [20, 5];
    const labels = Int32Array.from({ length: count }, () => random.int(classes));
    const logits = Float32Array.from({ length: count * classes }, () => 3 * random.normal());
    const table = new RowTable(labels, classes);
    table.put(
      Int32Array.from({ length: count }, (_, i) => i),
      logits,
    );
    tf.tidy(() => {
      const { truth, nearest, truthOnTop } = nawWeights(
        tf.tensor2d(logits, [count, classes]),
        tf.tensor1d(labels, 'int32'),
        { parameters: NAW_PARAMETERS.nla, epsilon: 1 },
      );
      const [gt, nn, top] = [truth.dataSync(), nearest.dataSync(), truthOnTop.dataSync()];
      for (let i = 0; i < count; i += 1) {
        expect(table.values[3 * i]).toBeCloseTo(gt[i]!, 5);
        expect(table.values[3 * i + 1]).toBeCloseTo(nn[i]!, 5);
        expect(table.values[3 * i + 2] === labels[i]).toBe(top[i] === 1);
      }
      expect(table.accuracy()).toBeCloseTo(top.filter((one) => one === 1).length / count, 10);
    });
  });

  it('writes the given rows, the last time counting, and leaves the others empty', () => {
    const table = new RowTable(Int32Array.of(0, 1, -1, 1), 2);
    table.put(Int32Array.of(3, 2), Float32Array.of(9, 0, 9, 0));
    table.put(Int32Array.of(3), Float32Array.of(0, 9));
    expect([...table.values.subarray(0, 9)].every(Number.isNaN)).toBe(true);
    expect(table.values[11]).toBe(1);
    expect(table.accuracy()).toBe(1);
  });

  it('is 0 % right where nothing was seen', () => {
    expect(new RowTable(Int32Array.of(0, 1), 2).accuracy()).toBe(0);
  });
});
