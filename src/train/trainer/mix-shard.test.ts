import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { fitTiny, tinyTrainingSet } from '../../../test/support/tiny-training.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { crossEntropyMethod } from '../losses/cross-entropy-method.js';
import { SeededRandom } from '../util/seeded-random.js';
import { mixShard } from './mix-shard.js';

beforeAll(async () => {
  await openBackend();
});

const method = crossEntropyMethod();
const settings = { mixup: { alpha: 0.4 } };

it('mixes pictures and labels in the same shares', async () => {
  const drawn = await tinyTrainingSet(6).draw([0, 1, 2, 3, 4, 5], 'none', new SeededRandom(1));
  const { shard, rows } = mixShard(drawn, 1, 3, new SeededRandom(2));
  expect(rows).toEqual(drawn.rows);
  expect(shard.isSoft).toBe(true);
  expect(shard.shape).toEqual(drawn.shard.shape);
  for (let i = 0; i < 6; i += 1) {
    const label = drawn.shard.labels[i]!;
    const own = shard.labels[3 * i + label]!;
    const other = [0, 1, 2].find((k) => k !== label && shard.labels[3 * i + k]! > 0);
    if (other === undefined) continue;
    // Some picture of the other class, in the share that its label has, makes up the rest.
    const mixed = shard.first.subarray(256 * i, 256 * (i + 1));
    const picture = (at: number): Float32Array => drawn.shard.first.subarray(256 * at, 256 * (at + 1));
    const errors = [0, 1, 2, 3, 4, 5]
      .filter((j) => drawn.shard.labels[j] === other)
      .map((j) => Math.max(...mixed.map((x, k) => Math.abs(x - own * picture(i)[k]! - (1 - own) * picture(j)[k]!))));
    expect(Math.min(...errors)).toBeLessThan(1e-3);
  }
});

it('a run with mixup learns, is the same again, and when it is taken up', async () => {
  const learning = { ...settings, epochs: 8, batchSize: 8 };
  const whole = await fitTiny({ method, settings: learning });
  expect(Math.max(...whole.state.history.map(({ validation }) => validation!.accuracy))).toBeGreaterThan(0.9);
  const stop = new AbortController();
  const begun = await fitTiny({
    method,
    settings: learning,
    signal: stop.signal,
    onEpoch: ({ state }) => {
      if (state.epoch === 3) stop.abort();
    },
  });
  expect(begun.state.epoch).toBe(3);
  const resumed = await fitTiny({ method, settings: learning, state: begun.state });
  expect(resumed.state.weights).toEqual(whole.state.weights);
  expect(resumed.epochs.at(-1)!.rows).toEqual(whole.epochs.at(-1)!.rows);
});

it('two batches accumulated are one in two shards, and another alpha is another run', async () => {
  const twice = await fitTiny({ method, settings: { ...settings, epochs: 1, batchSize: 8, accumulate: 2 } });
  const shared = await fitTiny({ method, settings: { ...settings, epochs: 1, batchSize: 16, shards: 2 } });
  expect(twice.state.weights).toEqual(shared.state.weights);
  const other = await fitTiny({ method, settings: { mixup: null, epochs: 1, batchSize: 16, shards: 2 } });
  expect(other.state.weights).not.toEqual(shared.state.weights);
});

it('records every row, and keeps no tensor', async () => {
  const before = tf.memory().numTensors;
  const { epochs } = await fitTiny({ method, settings: { ...settings, epochs: 1 } });
  expect([...epochs[0]!.rows].some(Number.isNaN)).toBe(false);
  expect(tf.memory().numTensors).toBe(before);
});
