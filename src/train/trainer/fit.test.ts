import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { fitTiny, tinyEvaluationSet, tinyNetwork, tinyTrainingSet } from '../../../test/support/tiny-training.js';
import type { TinyRun } from '../../../test/support/tiny-training.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { crossEntropyMethod } from '../losses/cross-entropy.js';
import { dnferMethod } from '../losses/dnfer.js';
import { nlaMethod } from '../losses/nla.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import type { FinishedEpoch } from './fit.js';
import { repeatsOf } from '../config/sampler.js';
import { LocalRunner, predictWith } from './gradients.js';
import { ModelWeights } from './model-weights.js';
import { splitMetrics } from '../metrics/split-metrics.js';
import type { TrainingState } from '../records/training-state.js';

beforeAll(async () => {
  await openBackend();
});

/** All but the time it took. */
const untimed = (history: readonly EpochRecord[]) =>
  history.map(({ seconds: _seconds, samplesPerSecond: _rate, ...rest }) => rest);

/** Everything that must be the same to the bit. */
const essence = ({ history, ...rest }: TrainingState) => ({ ...rest, history: untimed(history) });

const rowsOf = (run: TinyRun): Float32Array[] => run.epochs.map(({ rows }) => rows);

describe('training', () => {
  it.each([
    ['NLA', nlaMethod({ crossEntropyEpochs: 2 })],
    ['DNFER', dnferMethod({ crossEntropyEpochs: 2 })],
  ])('by %s learns what can be learnt', async (_name, method) => {
    const { state } = await fitTiny({ method, settings: { epochs: 8 } });
    const [first, last] = [state.history[0]!, state.history.at(-1)!];
    expect(state.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(last.parts['crossEntropy'] ?? last.parts['supervised']).toBeLessThan(
      (first.parts['crossEntropy'] ?? first.parts['supervised'])! / 2,
    );
    expect(last.trainAccuracy).toBeGreaterThan(0.9);
    expect(Math.max(...state.history.map(({ validation }) => validation!.accuracy))).toBeGreaterThan(0.9);
  });

  it('the same settings give the same weights, another seed others', async () => {
    const run = (seed: number): Promise<TinyRun> =>
      fitTiny({ dropout: 0.2, training: tinyTrainingSet(24), settings: { seed } });
    const one = await run(1);
    expect(essence((await run(1)).state)).toEqual(essence(one.state));
    const other = await run(2);
    expect(other.state.weights.trained).not.toEqual(one.state.weights.trained);
  });

  it('keeps no tensor from epoch to epoch, nor after the last', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await fitTiny({
      method: dnferMethod({ crossEntropyEpochs: 1 }),
      training: tinyTrainingSet(24),
      settings: { epochs: 3, batchSize: 12, emaDecay: 0.9, microBatches: 4, gradClip: 1 },
      onEpoch: () => {
        counts.push(tf.memory().numTensors);
      },
    });
    expect(counts).toHaveLength(3);
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('cuts every batch into micro-batches and takes one step for all of them', async () => {
    const run = async (microBatches: number) => {
      const training = tinyTrainingSet(48);
      const sample = vi.spyOn(training, 'sampleBatch');
      const { state } = await fitTiny({ training, dropout: 0.2, settings: { epochs: 1, batchSize: 16, microBatches } });
      return { state, sizes: sample.mock.calls.map(([indices]) => indices.length) };
    };
    const [whole, halves] = [await run(1), await run(2)];
    expect(whole.sizes).toEqual([16, 16, 16]);
    expect(halves.sizes).toEqual([8, 8, 8, 8, 8, 8]);
    expect([whole.state.adam.steps, halves.state.adam.steps]).toEqual([3, 3]);
    // Batch normalisation saw 8 pictures instead of 16.
    expect(halves.state.weights.trained).not.toEqual(whole.state.weights.trained);
  });

  it('sees every sample once an epoch, also where the last batch is short', async () => {
    const dones: number[] = [];
    const { epochs } = await fitTiny({
      training: tinyTrainingSet(19),
      settings: { epochs: 1, batchSize: 8, microBatches: 3 },
      onStep: ({ done, total }) => dones.push(done / total),
    });
    expect(dones.map((done) => Math.round(19 * done))).toEqual([8, 16, 19]);
    expect([...epochs[0]!.rows].some(Number.isNaN)).toBe(false);
  });

  it('leaves alone what the learning rates leave out', async () => {
    const trained = async (settings: { lr?: number; headLrFactor?: number }) =>
      (
        await fitTiny({
          settings: {
            epochs: 1,
            adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: true },
            ...settings,
          },
        })
      ).state.weights.trained;
    const model = tinyNetwork();
    const weights = new ModelWeights(model);
    const isHead = weights.perWeight((layer) => (layer === 'logits' ? 1 : 0));
    const initial = (await weights.read()).trained;
    model.dispose();
    const after = await trained({ headLrFactor: 1e-12 });
    let moved = 0;
    after.forEach((value, i) => {
      if (isHead[i] === 1) expect(value).toBeCloseTo(initial[i]!, 8);
      else if (value !== initial[i]) moved += 1;
    });
    expect(moved).toBeGreaterThan(1000);
  });

  it('clips the gradient, which Adam then forgets but for its direction', async () => {
    const clipped = await fitTiny({ settings: { epochs: 1, gradClip: 1e-3 } });
    // m of the only few steps is a mean of gradients of at most that length.
    const length = Math.hypot(...clipped.state.adam.first);
    expect(length).toBeLessThanOrEqual(1e-3 * (1 + 1e-5));
    expect(length).toBeGreaterThan(1e-4);
  });

  it('class-balanced, a rare class is seen as often as the others', async () => {
    // Of every 12 pictures, one each of columns and squares; the rest are rows.
    const classes = Array.from({ length: 48 }, (_, i) => (i % 12 === 1 ? 1 : i % 12 === 2 ? 2 : 0));
    const rows = Array.from({ length: 48 }, (_, i) => 3 * i + (classes[i] ?? 0));
    const training = tinyTrainingSet(48, classes);
    const draw = vi.spyOn(training, 'sampleBatch');
    const { epochs } = await fitTiny({
      training,
      settings: { epochs: 1, batchSize: 10, microBatches: 3, sampler: 'class-balanced' },
      method: crossEntropyMethod(),
    });
    const seen = (label: number): number =>
      rows.filter((_, i) => classes[i] === label && !Number.isNaN(epochs[0]!.rows[3 * i]!)).length;
    expect([seen(0), seen(1), seen(2)]).toEqual([16, 4, 4]);
    // And never the same picture of it: each time is counted, whatever batch it falls in.
    const order = draw.mock.calls.flatMap(([indices]) => [...indices]);
    const repeats = draw.mock.calls.flatMap(([, , , of]) => [...of!]);
    expect(order).toHaveLength(48);
    expect(repeats).toEqual(repeatsOf(order));
    expect(Math.max(...repeats)).toBe(3);
  });
});

describe('the model that is kept', () => {
  it('is the moving average, where there is one, and the one that is judged', async () => {
    const judged: FinishedEpoch[] = [];
    await fitTiny({
      settings: { emaDecay: 0.9 },
      onEpoch: async (done, model) => {
        const { average, weights, history } = done.state;
        expect(await new ModelWeights(model).read()).toEqual(average);
        expect(average!.trained).not.toEqual(weights.trained);
        const validation = tinyEvaluationSet(12);
        expect(splitMetrics(await validation.logits(predictWith(model)), validation.labels, 3)).toEqual(
          history.at(-1)!.validation,
        );
        judged.push(done);
      },
    });
    expect(judged).toHaveLength(2);
  });

  it('is else the model itself', async () => {
    let judged = 0;
    await fitTiny({
      onEpoch: async ({ state }, model) => {
        expect(state.average).toBeNull();
        expect(await new ModelWeights(model).read()).toEqual(state.weights);
        judged += 1;
      },
    });
    expect(judged).toBe(2);
  });

  it.each(['macroF1', 'loss'] as const)('is the best by %s, the first of equals', async (selectBy) => {
    const { state, epochs } = await fitTiny({ training: tinyTrainingSet(24), settings: { epochs: 4, selectBy } });
    const scores = state.history.map(({ validation }) =>
      selectBy === 'loss' ? -validation!.loss : validation![selectBy],
    );
    expect(state.bestEpoch).toBe(scores.indexOf(Math.max(...scores)) + 1);
    expect(state.bestScore).toBe(Math.max(...scores));
    expect(epochs.map(({ isBest }) => isBest)).toEqual(
      scores.map((score, i) => scores.slice(0, i).every((earlier) => earlier < score)),
    );
  });

  it('is the last one where nothing is set aside to judge by', async () => {
    const { state, epochs } = await fitTiny({ training: tinyTrainingSet(12), validation: null });
    expect(state.bestEpoch).toBe(2);
    expect(epochs.every(({ isBest }) => isBest)).toBe(true);
    expect(state.history.map(({ calibration }) => calibration)).toEqual([null, null]);
    expect(state.history.map(({ validation }) => validation)).toEqual([null, null]);
  });
});

describe('training ends', () => {
  it('with an error when it diverges, and keeps no such model', async () => {
    let epochs = 0;
    const onEpoch = (): void => {
      epochs += 1;
    };
    const diverged = {
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/diverged in epoch 1.*optimizer\.lr/) as string,
    };
    await expect(
      fitTiny({ training: tinyTrainingSet(24), settings: { batchSize: 12, lr: 1e30 }, onEpoch }),
    ).rejects.toMatchObject(diverged);
    // By the epoch's last step, so that only the validation shows it.
    const validation = { labels: Int32Array.of(0), logits: () => Promise.resolve([Float32Array.of(NaN, 0, 0)]) };
    await expect(fitTiny({ training: tinyTrainingSet(12), validation, onEpoch })).rejects.toMatchObject(diverged);
    expect(epochs).toBe(0);
  });

  it('when it has not become better for as many epochs as its patience', async () => {
    // A rate this small changes no prediction.
    const asked = { training: tinyTrainingSet(12), settings: { epochs: 20, patience: 2, lr: 1e-12 } };
    const { state } = await fitTiny(asked);
    expect(state.bestEpoch).toBe(1);
    expect(state.epoch).toBe(3);
    // And does not go on when asked again.
    const { state: still, epochs } = await fitTiny({ ...asked, state });
    expect(still).toEqual(state);
    expect(epochs).toEqual([]);
  });

  it('within the current step when interrupted, and resumes to the same result', async () => {
    const settings = {
      epochs: 3,
      emaDecay: 0.9,
      sampler: 'imbalance',
      schedule: { name: 'cosine', last: 0 },
    } as const;
    const whole = await fitTiny({ dropout: 0.2, settings });
    const controller = new AbortController();
    let steps = 0;
    const before = await fitTiny({
      dropout: 0.2,
      settings,
      signal: controller.signal,
      onStep: ({ epoch }) => {
        steps += 1;
        if (epoch === 2 && steps === 3 + 2) controller.abort();
      },
    });
    expect(steps).toBe(5);
    expect(before.state.epoch).toBe(1);
    const after = await fitTiny({ dropout: 0.2, settings, state: before.state });
    expect(essence(after.state)).toEqual(essence(whole.state));
    expect([...rowsOf(before), ...rowsOf(after)]).toEqual(rowsOf(whole));
  });

  it('on Ctrl-C within an epoch: the event loop runs after every micro-batch and every validation batch', async () => {
    const controller = new AbortController();
    let steps = 0;
    const { state } = await fitTiny({
      settings: { epochs: 1, batchSize: 4 },
      signal: controller.signal,
      onStep: () => {
        steps += 1;
        // As a signal handler: called by the event loop, not by the training.
        setImmediate(() => {
          controller.abort();
        });
      },
    });
    expect(steps).toBeLessThan(12);
    expect(state.epoch).toBe(0);
  });

  it.each(['a step', 'the validation'])('at once when it is interrupted in %s that continues', async (where) => {
    const controller = new AbortController();
    const endless = <T>(): Promise<T> => {
      setTimeout(() => {
        controller.abort();
      });
      return new Promise<T>(() => undefined);
    };
    const training = tinyTrainingSet(12);
    if (where === 'a step') vi.spyOn(LocalRunner.prototype, 'run').mockImplementationOnce(() => endless());
    const validation =
      where === 'a step' ? null : { labels: Int32Array.of(0), logits: () => endless<Float32Array[]>() };
    const { state, epochs } = await fitTiny({ training, validation, signal: controller.signal });
    expect([state.epoch, epochs.length]).toEqual([0, 0]);
  });

  it('before it begins, when it is interrupted before', async () => {
    const { state, epochs } = await fitTiny({ signal: AbortSignal.abort() });
    expect([state.epoch, epochs.length]).toEqual([0, 0]);
  });
});
